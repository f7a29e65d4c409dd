"""A key under a passphrase: what comes in waits for the user, and nothing else waits for it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.attacks.openpgp.conftest import account
from tests.attacks.openpgp.test_openpgp_for_xmpp import content, stanza
from tests.fakes.key_ring import KeyRing
from tests.session.wire import ANNA, BERT, Wire
from tui_xmpp.core.openpgp import LendTerminal, PassphraseWanted
from tui_xmpp.core.security import Method, Protection
from tui_xmpp.session.crypto.gpg_status import PassphraseNeeded, PassphraseRefused


@pytest.fixture
def desktopless(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def lock(wire: Wire, monkeypatch: pytest.MonkeyPatch, desktopless: None) -> list[str]:
    """Terminals that were lent; with one, gpg opens."""
    gpg = wire.account.sealing.openpgp.desk.gpg
    really, lent = gpg.open, list[str]()

    async def open_if_lent(sealed: bytes, terminal: object = None) -> object:
        if terminal is None:
            raise PassphraseNeeded("The passphrase of your key is needed.")
        lent.append(terminal.terminal)  # type: ignore[attr-defined]
        return await really(sealed)

    monkeypatch.setattr(gpg, "open", open_if_lent)
    return lent


async def heard(wire: Wire, theirs: KeyRing, ours: str, bert: str) -> PassphraseWanted:
    await wire.take(stanza(theirs.seal(content(wire.clock.now()), ours, signer=bert)))
    await wire.until(lambda: bool(wire.happened(PassphraseWanted)))
    (wanted,) = wire.happened(PassphraseWanted)
    return wanted


async def test_what_came_in_is_read_once_the_terminal_was_lent(
    wire: Wire, theirs: KeyRing, ours: str, bert: str, lock: list[str]
) -> None:
    wanted = await heard(wire, theirs, ours, bert)
    assert not wanted.at_once and wanted.id in wire.world.questions
    # The inbox does not wait for it.
    await wire.take(
        f"<message type='chat' id='m2' from='carl@example.org/x' to='{ANNA}'><body>hi</body></message>"
    )
    await wire.account.do(LendTerminal(ANNA, wanted.id, "/dev/pts/9"))
    await wire.until(lambda: wire.messages()[-1].body == "the plan")
    assert wire.messages()[-1].protection is Protection.SEALED
    assert lock == ["/dev/pts/9"]
    assert wanted.id not in wire.world.questions


async def test_where_no_terminal_is_lent_it_says_so_and_stays_sealed(
    wire: Wire, theirs: KeyRing, ours: str, bert: str, lock: list[str]
) -> None:
    wanted = await heard(wire, theirs, ours, bert)
    await wire.account.do(LendTerminal(ANNA, wanted.id, ""))
    await wire.until(lambda: "no terminal" in wire.messages()[-1].body)
    assert wire.messages()[-1].protection is Protection.ATTENTION
    assert wire.account.sealed.get(wire.messages()[-1].row)


async def test_the_end_of_the_session_takes_the_question_back(
    wire: Wire, theirs: KeyRing, ours: str, bert: str, lock: list[str]
) -> None:
    wanted = await heard(wire, theirs, ours, bert)
    wire.account.life.rest()
    await wire.until(lambda: wanted.id not in wire.world.questions)


async def test_a_window_of_the_desktop_needs_no_terminal(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, desktopless: None
) -> None:
    monkeypatch.setitem(os.environ, "DISPLAY", ":0")
    lending, tries = wire.account.sealing.openpgp.desk.lending, list[object]()

    async def work(lent: object) -> str:
        tries.append(lent)
        if lent is None:
            raise PassphraseNeeded("needed")
        return "opened"

    assert await lending.have(work, "why", at_once=True) == "opened"
    assert not wire.happened(PassphraseWanted)

    async def refused(lent: object) -> str:
        raise (PassphraseNeeded if lent is None else PassphraseRefused)("no")

    with pytest.raises(PassphraseRefused):
        await lending.have(refused, "why", at_once=True)


async def test_a_link_that_is_lost_while_gpg_works_leaves_nothing_counted(
    tmp_path: Path, ring: KeyRing, theirs: KeyRing, ours: str, bert: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = account(tmp_path, ring, ours)
    wire.account.sealing.openpgp.desk.pins.put(BERT, Method.OPENPGP, bert, verified=False)
    await wire.online(enabled="<enabled xmlns='urn:xmpp:sm:3' resume='true' id='one'/>")
    gpg = wire.account.sealing.openpgp.desk.gpg
    really, at_work, go_on = gpg.open, asyncio.Event(), asyncio.Event()

    async def slow(sealed: bytes, terminal: object = None) -> object:
        at_work.set()
        await go_on.wait()
        return await really(sealed)

    monkeypatch.setattr(gpg, "open", slow)
    wire.hear(stanza(theirs.seal(content(wire.clock.now()), ours, signer=bert)))
    await at_work.wait()
    wire.lose()
    go_on.set()
    await wire.settle()
    # It was not acknowledged: the server sends it again.
    assert wire.account.alive and not wire.messages()
    await wire.close()

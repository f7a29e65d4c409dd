"""OpenPGP on the screen: what seals a chat, the keys of both, and the copy of our own at the server."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fakes.engine import ME, FakeEngine
from tests.ui.driving import Driven, driven
from tests.ui.security_world import PHONE, known
from tests.ui.test_guards import EVIL
from tests.ui.test_mouse import click
from tests.ui.test_security import go_to
from tests.ui.world import AVA, DEV, peopled
from tui_xmpp.core import events as ev
from tui_xmpp.core.account import Account
from tui_xmpp.core.openpgp import (
    BackUpKey,
    ChooseKey,
    KeysOf,
    OpenPgpKey,
    PinKey,
    PresenceSignature,
    PresenceSignatureOf,
    RestoreKey,
    SignPresence,
    UnpinKey,
)
from tui_xmpp.core.questions import Question
from tui_xmpp.core.security import ChatSecurity, Encrypt, Method, Trust
from tui_xmpp.core.security_commands import SetEncryption

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])
NEW = OpenPgpKey(
    "0123456789ABCDEF0123456789ABCDEF01234567",
    announced=True,
    here=True,
    names=("xmpp:ava@example.org", f"Ava {EVIL}"),
    created=datetime(2026, 3, 1, tzinfo=UTC),
    expires=datetime(2027, 3, 1, tzinfo=UTC),
)
MINE = OpenPgpKey(
    "FEDCBA98" * 5,
    here=True,
    secret=True,
    names=(f"xmpp:{ME}", f"me {EVIL}"),
    created=datetime(2025, 12, 24, tzinfo=UTC),
)
OLD = OpenPgpKey(
    "89ABCDEF" * 5, here=True, pinned=(Method.OPENPGP, Method.PGP), names=("xmpp:ava@example.org",)
)


def keyed(*keys: OpenPgpKey) -> FakeEngine:
    engine = peopled()
    engine.emit(ev.AccountAdded(Account(ME, openpgp_key="FF" * 20)))
    engine.answers[KeysOf] = keys
    return engine


async def opened(seen: Driven) -> None:
    await seen.press("alt+e", "o")
    await seen.shows("OpenPGP keys of ava")


@pytest.mark.parametrize(
    ("word", "method"), [("openpgp", Method.OPENPGP), ("pgp", Method.PGP), ("omemo", Method.OMEMO)]
)
async def test_a_command_chooses_what_seals_the_chat(word: str, method: Method) -> None:
    async with driven(peopled(), size=(120, 40)) as seen:
        await seen.type(f"/encrypt {word}")
        await seen.press("enter")
        assert seen.engine.done(SetEncryption) == [SetEncryption(AVA, Encrypt.ALWAYS, method)]
        await seen.shows(f"Encrypted with {method.value} from now on")
        await seen.shows("OMEMO" if method is Method.OMEMO else method.value)


async def test_why_it_is_not_possible_is_told() -> None:
    engine = peopled()
    engine.refusals[SetEncryption] = "OpenPGP seals what is said between two people only."
    async with driven(engine) as seen:
        await seen.main.enter(DEV)
        await seen.type("/encrypt openpgp")
        await seen.press("enter")
        await seen.shows("OpenPGP seals what is said between two people only.")
        assert seen.composer == "/encrypt openpgp"


async def test_without_an_accepted_key_the_keys_are_shown() -> None:
    engine = keyed(NEW)
    engine.refusals[SetEncryption] = "You have not accepted a key of ava@example.org for OpenPGP."
    async with driven(engine) as seen:
        await seen.type("/encrypt openpgp")
        await seen.press("enter")
        await seen.shows("You have not accepted a key of ava@example.org for OpenPGP.")
        await seen.shows("not accepted")


async def test_verified_devices_say_nothing_of_a_chat_sealed_with_openpgp() -> None:
    engine = peopled()
    known(engine, AVA.address, replace(PHONE, trust=Trust.VERIFIED))
    engine.emit(ev.SecurityChanged(AVA, ChatSecurity(Encrypt.ALWAYS, Method.OPENPGP, sealed=True)))
    async with driven(engine) as seen:
        assert "OpenPGP" in seen.lines[0] and "verified" not in seen.lines[0]
        await seen.press("alt+e")
        await seen.shows("Encrypted with OpenPGP: only the OpenPGP keys of both of you can read it.")


@SIZES
async def test_the_keys_of_both_are_shown_with_names_and_ends(size: tuple[int, int]) -> None:
    async with driven(keyed(NEW, OLD), size=size) as seen:
        await opened(seen)
        await seen.shows("01234567 89ABCDEF 01234567 89ABCDEF 01234567")
        assert "not accepted" in seen.text and "made 01 Mar 2026, ends 01 Mar 2027" in seen.text
        assert "xmpp:ava@example.org" in seen.text
        assert "\x1b" not in seen.text and "\u202e" not in seen.text
        await go_to(seen, "OpenPGP")
        await seen.shows("Encrypt this chat with")


@pytest.mark.parametrize(
    ("letter", "command"),
    [
        ("v", PinKey(ME, AVA.address, NEW.fingerprint, verified=True)),
        ("a", PinKey(ME, AVA.address, NEW.fingerprint)),
        ("p", PinKey(ME, AVA.address, NEW.fingerprint, Method.PGP)),
    ],
)
async def test_a_letter_accepts_the_key_under_the_cursor(letter: str, command: PinKey) -> None:
    async with driven(keyed(NEW)) as seen:
        await opened(seen)
        await go_to(seen, "not accepted")
        await seen.press(letter)
        assert seen.engine.done(PinKey) == [command]
        await seen.shows(f"Accepted for {command.method.value}: the key {NEW.fingerprint[-16:]}.")


async def test_with_keys_that_come_late_the_cursor_waits_for_the_first_of_them() -> None:
    engine = keyed()
    del engine.answers[KeysOf]
    come = asyncio.Event()

    async def asked(question: Question[Any]) -> Any:
        if isinstance(question, KeysOf):
            if question.owner == AVA.address:
                await come.wait()
            return (NEW,)
        return await FakeEngine.ask(engine, question)

    engine.ask = asked  # type: ignore[method-assign]
    async with driven(engine) as seen:
        await opened(seen)
        await seen.shows("asking")
        await seen.press("a")
        await seen.shows("Move to a key first.")
        come.set()
        await seen.shows("not accepted")
        await seen.press("a")
        assert seen.engine.done(PinKey) == [PinKey(ME, AVA.address, NEW.fingerprint)]


@pytest.mark.parametrize(
    ("letter", "method"), [("m", Method.OMEMO), ("o", Method.OPENPGP), ("l", Method.PGP)]
)
async def test_a_letter_chooses_what_seals_the_chat(letter: str, method: Method) -> None:
    async with driven(keyed(OLD), size=(120, 40)) as seen:
        await opened(seen)
        await seen.shows(f"{letter}  {method.value}")
        await seen.press(letter)
        assert seen.engine.done(SetEncryption) == [SetEncryption(AVA, Encrypt.ALWAYS, method)]
        # It is done: one writes again.
        await seen.hides("Encrypt this chat with")
        await seen.type("x")
        assert seen.composer == "x"


async def test_a_key_is_accepted_and_the_method_chosen_by_the_mouse_alone() -> None:
    async with driven(keyed(NEW), size=(120, 40)) as seen:
        await seen.press("alt+e")
        await go_to(seen, "o  OpenPGP keys")
        await click(seen, "o  OpenPGP keys")
        await seen.shows("not accepted")
        await click(seen, "not accepted")
        await seen.shows("OpenPGP key of ava@example.org")
        await click(seen, "I have compared the fingerprint")
        assert seen.engine.done(PinKey) == [PinKey(ME, AVA.address, NEW.fingerprint, verified=True)]
        await seen.shows("Encrypt this chat with")
        await click(seen, "legacy PGP")
        await seen.until(lambda: seen.engine.done(SetEncryption))
        assert seen.engine.done(SetEncryption) == [SetEncryption(AVA, Encrypt.ALWAYS, Method.PGP)]


async def test_an_accepted_key_is_removed_for_all_it_was_accepted_for() -> None:
    async with driven(keyed(OLD)) as seen:
        await opened(seen)
        await go_to(seen, "accepted")
        await seen.press("d")
        assert seen.engine.done(UnpinKey) == [
            UnpinKey(ME, AVA.address, OLD.fingerprint, one) for one in (Method.OPENPGP, Method.PGP)
        ]


async def test_our_own_key_is_not_removed_here() -> None:
    async with driven(keyed(OLD)) as seen:
        await opened(seen)
        await go_to(seen, "yours")
        await seen.press("d")
        await seen.shows("Your own key is used until you choose another one.")
        assert not seen.engine.done(UnpinKey)


async def test_an_account_without_a_key_says_how_to_name_one() -> None:
    engine = peopled()
    engine.answers[KeysOf] = ()
    async with driven(engine) as seen:
        await seen.type("/openpgp")
        await seen.press("enter")
        await seen.shows("This account has no OpenPGP key yet.")
        await seen.shows(f"gpg --quick-generate-key xmpp:{ME}")
        await seen.press("escape")
        await seen.hides("OpenPGP keys of")


@SIZES
async def test_a_letter_makes_a_key_of_gpg_ours(size: tuple[int, int]) -> None:
    engine = peopled()
    engine.answers[KeysOf] = (MINE,)
    async with driven(engine, size=size) as seen:
        await seen.type("/openpgp")
        await seen.press("enter")
        await go_to(seen, "not used")
        assert "made 24 Dec 2025, does not end" in seen.text
        assert "FEDCBA98 FEDCBA98" in seen.text
        assert "\x1b" not in seen.text and "\u202e" not in seen.text
        await seen.press("u")
        await seen.shows(f"Yours is the key {MINE.fingerprint[-16:]}.")
        assert seen.engine.done(ChooseKey) == [ChooseKey(ME, MINE.fingerprint)]


async def test_where_there_is_no_choice_the_letter_needs_no_key_under_the_cursor() -> None:
    engine = peopled()
    engine.answers[KeysOf] = (MINE,)
    async with driven(engine, size=(120, 40)) as seen:
        await opened(seen)
        await go_to(seen, "l  legacy PGP")
        await seen.press("u")
        await seen.shows(f"Yours is the key {MINE.fingerprint[-16:]}.")
        assert seen.engine.done(ChooseKey) == [ChooseKey(ME, MINE.fingerprint)]


async def test_our_key_is_chosen_by_the_mouse_alone_from_our_devices() -> None:
    engine = peopled()
    engine.answers[KeysOf] = (replace(MINE, names=("me",)),)
    async with driven(engine, size=(120, 40)) as seen:
        await seen.type("/devices")
        await seen.press("enter")
        await click(seen, "o  OpenPGP keys: choose yours")
        await click(seen, "not used")
        await click(seen, "use it as yours")
        await seen.shows(f"Used, but it does not name xmpp:{ME}: others may refuse it.")
        assert seen.engine.done(ChooseKey) == [ChooseKey(ME, MINE.fingerprint)]


async def test_a_key_without_its_secret_part_is_not_made_ours() -> None:
    async with driven(keyed(replace(NEW, secret=False))) as seen:
        await opened(seen)
        await go_to(seen, "not accepted")
        await seen.press("u")
        await seen.shows("gpg does not have the secret part of this key")
        assert not seen.engine.done(ChooseKey)


@SIZES
async def test_signing_ones_presence_is_off_says_what_it_costs_and_is_turned_on(
    size: tuple[int, int],
) -> None:
    async with driven(
        keyed(replace(MINE, fingerprint="FF" * 20, pinned=(Method.OPENPGP,))), size=size
    ) as seen:
        await seen.type("/openpgp")
        await seen.press("enter")
        await go_to(seen, "sign your presence")
        await seen.shows("sign your presence, for old programs: off, 200 to 800 bytes on each")
        await seen.press("s")
        await seen.shows("Your presence is signed with your key from now on.")
        await click(seen, "sign your presence")
        assert seen.engine.done(SignPresence)[0] == SignPresence(ME, True)
        assert len(seen.engine.done(SignPresence)) == 2


@SIZES
@pytest.mark.parametrize(
    ("signature", "words"),
    [
        (
            PresenceSignature("01234567" * 5, accepted=True),
            "presence is signed with the key that you have accepted.",
        ),
        (PresenceSignature("01234567" * 5), "presence is signed with a key that you have not accepted:"),
        (PresenceSignature("01234567" * 5), "01234567 01234567 01234567 01234567 01234567"),
        (
            PresenceSignature(fault=f"Its {EVIL} signature is wrong."),
            "signature of their presence proves nothing.",
        ),
    ],
)
async def test_the_security_of_a_chat_says_what_presence_is_signed_by(
    signature: PresenceSignature, words: str, size: tuple[int, int]
) -> None:
    engine = keyed(OLD)
    engine.answers[PresenceSignatureOf] = signature
    async with driven(engine, size=size) as seen:
        await seen.press("alt+e")
        await seen.until(
            lambda: words in " ".join(re.sub("^.*│", "", line).strip() for line in seen.lines), words
        )
        assert "\x1b" not in seen.text and "\u202e" not in seen.text


async def test_the_secret_key_is_kept_and_its_code_shown_once() -> None:
    engine = keyed()
    engine.answers[BackUpKey] = "ABCD-EFGH-1234-5678-WXYZ-9999"
    async with driven(engine) as seen:
        await seen.type("/openpgp backup")
        await seen.press("enter")
        await seen.shows("Keep your secret OpenPGP key at the server")
        await seen.type("hunter")
        assert "hunter" not in seen.text
        await seen.press("enter")
        await seen.shows("ABCD-EFGH-1234-5678-WXYZ-9999")
        await seen.press("enter")
        await seen.shows("ABCD-EFGH-1234-5678-WXYZ-9999")
        await seen.press("escape")
        await seen.hides("ABCD-EFGH")


async def test_the_secret_key_is_fetched_by_its_code() -> None:
    async with driven(keyed()) as seen:
        await seen.type("/openpgp restore")
        await seen.press("enter")
        await seen.shows("Fetch your secret OpenPGP key")
        await seen.type("abcd")
        await seen.press("enter")
        await seen.until(lambda: seen.engine.done(RestoreKey))
        assert seen.engine.done(RestoreKey) == [RestoreKey(ME, "abcd")]

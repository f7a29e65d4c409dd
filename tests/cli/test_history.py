from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cli.scripted_engine import AVA, CHAT, ME, NOON, message
from tests.fakes.archive import FakeArchive
from tui_xmpp.cli import history as module
from tui_xmpp.cli.exit_codes import ExitCode, Failure
from tui_xmpp.cli.history import history
from tui_xmpp.core.address import Address
from tui_xmpp.core.chat import Chat, ChatKey, ChatKind

BOB = Address.parse("bob@example.net")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> FakeArchive:
    """Ten messages, a minute apart, read three at a time."""
    monkeypatch.setattr(module, "PAGE", 3)
    archive = FakeArchive()
    archive.put_chat(Chat(CHAT, ChatKind.CONTACT))
    for row in range(1, 11):
        archive.put(message(str(row), row=row, at=NOON + row * MINUTE))
    return archive


def bodies(archive: FakeArchive, **options: object) -> list[int]:
    return [int(record["body"]) for record in history(archive, str(AVA), **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, range(1, 11)),
        ({"limit": 0}, range(1, 11)),
        ({"limit": 4}, range(7, 11)),
        ({"limit": 4, "before": NOON + 6 * MINUTE}, range(2, 6)),
        ({"after": NOON + 6 * MINUTE}, range(6, 11)),
        ({"after": NOON + 2 * MINUTE, "limit": 4}, range(2, 6)),
        ({"after": NOON + 2 * MINUTE, "before": NOON + 8 * MINUTE}, range(2, 8)),
        ({"before": NOON}, range(0)),
        ({"limit": 0, "before": NOON + 3 * MINUTE}, range(1, 3)),
    ],
)
def test_what_is_written(archive: FakeArchive, options: dict[str, object], expected: range) -> None:
    assert bodies(archive, **options) == list(expected)


def test_an_unknown_chat_is_said(archive: FakeArchive) -> None:
    with pytest.raises(Failure, match="No messages with x@"):
        list(history(archive, "x@example.org"))


def test_two_accounts_with_the_same_contact(archive: FakeArchive) -> None:
    other = ChatKey(BOB, AVA)
    archive.put_chat(Chat(other, ChatKind.CONTACT))
    archive.put(message("99", chat=other, row=99))
    with pytest.raises(Failure, match="--account") as caught:
        bodies(archive)
    assert caught.value.code is ExitCode.USAGE
    assert bodies(archive, account=str(BOB)) == [99]
    assert bodies(archive, account=str(ME), limit=1) == [10]

"""The state of own messages follows the truth, in whatever order the reports come."""

from __future__ import annotations

import pytest

from tests.storage.samples import CHAT, ROOM_CHAT, at, in_room, incoming, outgoing
from tui_xmpp.core.message import Delivery
from tui_xmpp.storage.archive import SqliteArchive

Q, W, T, D, R, F = (
    Delivery.QUEUED,
    Delivery.WRITTEN,
    Delivery.TAKEN,
    Delivery.DELIVERED,
    Delivery.READ,
    Delivery.FAILED,
)


@pytest.mark.parametrize(
    ("before", "report", "after"),
    [
        (Q, W, W),
        (W, T, T),
        (T, D, D),
        (D, R, R),
        (R, D, R),
        (D, T, D),
        (T, W, T),
        (T, F, F),
        (Q, F, F),
        (D, F, D),
        (R, F, R),
        (F, T, F),
        (F, D, D),
        (F, Q, Q),
        (W, Q, Q),
        (T, Q, T),
        (R, Q, R),
    ],
)
def test_one_report(archive: SqliteArchive, before: Delivery, report: Delivery, after: Delivery) -> None:
    archive.keep(outgoing(id="1", delivery=before))
    changed = archive.set_delivery(CHAT, "1", report, "why")
    found = archive.find(CHAT, "1")
    assert found is not None
    assert found.delivery is after
    assert list(changed) == ([found] if after is not before else [])
    assert found.failure == ("why" if report is F and after is F else "")


def test_a_marker_reads_everything_before_it_that_the_server_has(archive: SqliteArchive) -> None:
    for minute, (id, delivery) in enumerate(
        [("failed", F), ("queued", Q), ("written", W), ("taken", T), ("target", D), ("later", T)]
    ):
        archive.keep(outgoing(id, minute, id=id, delivery=delivery))
    archive.keep(incoming("theirs", 1))
    changed = archive.set_delivery(CHAT, "target", R, up_to=True)
    assert [message.body for message in changed] == ["taken", "target"]
    assert {message.body: message.delivery for message in archive.page(CHAT).messages} == {
        "failed": F,
        "queued": Q,
        "written": W,
        "taken": R,
        "target": R,
        "later": T,
        "theirs": Delivery.INCOMING,
    }


def test_reports_name_own_messages_only(archive: SqliteArchive) -> None:
    archive.keep(incoming(id="1"))
    assert archive.set_delivery(CHAT, "1", R) == []
    assert archive.set_delivery(CHAT, "unknown", R) == []


def test_an_archive_id_makes_a_message_taken_and_places_it(archive: SqliteArchive) -> None:
    archive.keep(outgoing(id="1", origin_id="o", delivery=W))
    seen = archive.set_archive_id(CHAT, "o", "a", at(5))
    assert seen is not None
    assert (seen.archive_id, seen.delivery, seen.at) == ("a", T, at(5))
    again = archive.set_archive_id(CHAT, "o", "b", at(6))
    assert again == seen
    assert archive.set_archive_id(CHAT, "unknown", "a", None) is None


def test_what_waits_for_the_rooms_id_of_an_own_message_is_applied_when_that_is_known(
    archive: SqliteArchive,
) -> None:
    from tui_xmpp.core.message import Reaction

    kept, _ = archive.keep(in_room(nick="me", id="1", outgoing=True, delivery=W))
    reaction = Reaction(ROOM_CHAT.address.with_resource("bo"), "bo", ("👍",))
    assert archive.react(ROOM_CHAT, "room-id", reaction) is None
    seen = archive.set_archive_id(ROOM_CHAT, "1", "room-id", None)
    assert seen is not None
    assert seen.row == kept.row
    assert seen.reactions == (reaction,)

"""Corrections, retractions, reactions, replies: read, written, and kept until the server has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.session.wire import BERT, IN_ROOM, WITH_BERT, Wire, text
from tui_xmpp.core.commands import CorrectMessage, React, Refused, RetractMessage, SendMessage
from tui_xmpp.core.events import MessageChanged, MessageKept
from tui_xmpp.session import convert

REPLACE = "{urn:xmpp:message-correct:0}replace"
RETRACT = "{urn:xmpp:message-retract:1}retract"
REACTIONS = "{urn:xmpp:reactions:0}reactions"
REPLY = "{urn:xmpp:reply:0}reply"


async def said(wire: Wire, body: str, id: str = "m1", rest: str = "") -> None:
    await wire.take(f"<message from='{BERT}/x' type='chat' id='{id}'><body>{body}</body>{rest}</message>")


async def test_a_correction_by_its_writer_changes_the_message(wire: Wire) -> None:
    await said(wire, "helo")
    await said(wire, "hello", "m2", "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/>")
    (message,) = wire.messages()
    assert (message.body, message.edited) == ("hello", True)
    assert wire.happened(MessageChanged)[-1].message.body == "hello"
    assert wire.world.chats[WITH_BERT].unread == 1


async def test_a_message_and_its_correction_may_come_at_once(wire: Wire) -> None:
    wire.hear(f"<message from='{BERT}/x' type='chat' id='m1'><body>helo</body></message>")
    wire.hear(
        f"<message from='{BERT}/x' type='chat' id='m2'><body>hello</body>"
        "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/></message>"
    )
    await wire.settle()
    assert [one.body for one in wire.messages()] == ["hello"]


async def test_a_correction_of_an_unknown_message_is_shown(wire: Wire) -> None:
    await said(wire, "hello", "m2", "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/>")
    assert [one.body for one in wire.messages()] == ["hello"]


async def test_correcting_our_own(wire: Wire) -> None:
    id = (await wire.do(SendMessage(WITH_BERT, "helo")))[0].get("id")
    row = wire.messages()[0].row
    for body in ("hello", "hello!"):
        written = await wire.do(CorrectMessage(WITH_BERT, row, body))
        found = written[0].find(REPLACE)
        assert text(written[0]) == body and found is not None and found.get("id") == id
        assert wire.messages()[0].body == body
    await said(wire, "theirs", "m9")
    with pytest.raises(Refused):
        await wire.do(CorrectMessage(WITH_BERT, wire.messages()[-1].row, "forged"))


async def test_taking_back(wire: Wire) -> None:
    id = (await wire.do(SendMessage(WITH_BERT, "oops")))[0].get("id")
    written = await wire.do(RetractMessage(WITH_BERT, wire.messages()[0].row))
    found = written[0].find(RETRACT)
    assert found is not None and found.get("id") == id
    assert wire.messages()[0].body == "" and wire.messages()[0].retracted
    await said(wire, "secret", "m1")
    await wire.take(
        f"<message from='{BERT}/x' type='chat' id='m2'><retract xmlns='urn:xmpp:message-retract:1' id='m1'/>"
        "<body>took it back</body></message>"
    )
    assert [one.body for one in wire.messages()] == ["", ""]


async def test_reactions_replace_each_other_and_are_bounded(wire: Wire) -> None:
    await wire.do(SendMessage(WITH_BERT, "party?"))
    id = wire.messages()[0].id

    async def react(*emojis: str) -> tuple[str, ...]:
        inner = "".join(f"<reaction>{one}</reaction>" for one in emojis)
        await wire.take(
            f"<message from='{BERT}/x' type='chat'><reactions xmlns='urn:xmpp:reactions:0' id='{id}'>{inner}"
            "</reactions></message>"
        )
        return tuple(one for reaction in wire.messages()[0].reactions for one in reaction.emojis)

    assert await react("👍", "🎉", "👍") == ("👍", "🎉")
    assert await react("👎") == ("👎",)
    assert await react() == ()
    assert len(await react(*(chr(0x1F600 + n) for n in range(60)), "x" * 5000)) == 20
    assert len(wire.messages()) == 1


async def test_reacting(wire: Wire) -> None:
    await said(wire, "party?", "m1", "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>")
    written = await wire.do(React(WITH_BERT, wire.messages()[0].row, ("👍",)))
    found = written[0].find(REACTIONS)
    assert found is not None and found.get("id") == "o1"
    assert wire.messages()[0].reactions[0].own


async def test_reacting_in_a_room_names_the_rooms_id(wire: Wire) -> None:
    wire.enter()
    await wire.take(f"<message from='{IN_ROOM.address}' type='groupchat'><subject/></message>")
    await wire.take(
        f"<message from='{IN_ROOM.address}/Dora' type='groupchat' id='m1'><body>a</body>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' by='{IN_ROOM.address}' id='r1'/></message>"
    )
    written = await wire.do(React(IN_ROOM, wire.messages(IN_ROOM)[0].row, ("👍",)))
    found = written[0].find(REACTIONS)
    assert found is not None and found.get("id") == "r1" and written[0].get("type") == "groupchat"


async def test_an_answer_carries_its_quotation_for_others_only(wire: Wire) -> None:
    await said(wire, "one\ntwo")
    written = await wire.do(SendMessage(WITH_BERT, "yes", reply_to=wire.messages()[0].row))
    assert text(written[0]) == "> one\n> two\nyes"
    found = written[0].find(REPLY)
    assert found is not None and found.get("id") == "m1"
    assert wire.messages()[-1].body == "yes"
    part = written[0].find(".//{urn:xmpp:fallback:0}body")
    assert part is not None
    assert text(written[0])[int(part.get("end", "")) :] == "yes"


async def test_the_quotation_of_an_answer_is_not_shown(wire: Wire) -> None:
    id = (await wire.do(SendMessage(WITH_BERT, "question")))[0].get("id")
    quote = "&gt; question\n"
    await said(
        wire,
        f"{quote}answer",
        "m2",
        f"<reply xmlns='urn:xmpp:reply:0' id='{id}'/><fallback xmlns='urn:xmpp:fallback:0' "
        "for='urn:xmpp:reply:0'><body start='0' end='11'/></fallback>",
    )
    message = wire.happened(MessageKept)[-1].message
    assert message.body == "answer" and message.reply is not None
    assert (message.reply.text, message.reply.row) == ("question", wire.messages()[0].row)


@pytest.mark.parametrize(
    "bounds", ["start='5' end='2'", "start='0' end='900'", "start='x'", "start='0' end='4'"]
)
async def test_a_quotation_never_hides_the_text(wire: Wire, bounds: str) -> None:
    await said(
        wire,
        "text",
        "m2",
        "<reply xmlns='urn:xmpp:reply:0' id='none'/><fallback xmlns='urn:xmpp:fallback:0' "
        f"for='urn:xmpp:reply:0'><body {bounds}/></fallback>",
    )
    assert wire.messages()[-1].body == "text"


async def test_what_was_amended_offline_goes_out_after_a_restart(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    await wire.online()
    await wire.do(SendMessage(WITH_BERT, "helo"))
    wire.lose()
    await wire.account.do(CorrectMessage(WITH_BERT, wire.messages()[0].row, "hello"))
    await wire.close()
    again = Wire(tmp_path)
    await again.online(answers=False)
    for _ in range(12):
        await again.settle()
        again.answer_all()
    sent = [one for one in again.stream.written if convert.child(one, convert.CLIENT, "body") is not None]
    assert sent[-1].find(REPLACE) is not None and text(sent[-1]) == "hello"
    count = again.account.life.management._sent[-1].sequence
    await again.take(f"<a xmlns='urn:xmpp:sm:3' h='{count}'/>")
    again.lose()
    await again.online(answers=False)
    for _ in range(12):
        await again.settle()
        again.answer_all()
    assert not [one for one in again.stream.written if one.find(REPLACE) is not None], "once"
    await again.close()


async def test_what_is_edited_and_left_as_it_was_is_not_sent_again(wire: Wire) -> None:
    await wire.do(SendMessage(WITH_BERT, "hello"))
    written = len(wire.stream.written)
    await wire.account.do(CorrectMessage(WITH_BERT, wire.messages()[0].row, "hello"))
    await wire.settle()
    assert len(wire.stream.written) == written
    assert not wire.messages()[0].edited

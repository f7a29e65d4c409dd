"""Pictures of the message log: every kind of row, at two sizes, in several themes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from textual.pilot import Pilot

from tests.ui.log_values import AVA, CHAT, ME, START, Host, message, page
from tui_xmpp.core.address import Address
from tui_xmpp.core.message import Delivery, Gap, Message, MessageType, Reaction, Reply
from tui_xmpp.core.security import Protection

SEALED = {"protection": Protection.VERIFIED}
TODAY = 1440


def conversation() -> list[Message]:
    thumbs = (Reaction(AVA, "ava", ("👍",)), Reaction(ME, "me", ("👍", "🎉"), own=True))
    question = Reply("x", AVA, "ava", "Shall we meet at the station?", 1)
    return [
        message(1, "Shall we meet at the station? Half past six.", reactions=thumbs, **SEALED),
        message(2, "Which platform?", own=True, delivery=Delivery.READ, reply=question, **SEALED),
        message(3, "If I am late, go up and find seats on the left, by the window, near the kiosk.",
                own=True, delivery=Delivery.DELIVERED, **SEALED),
        message(4, "*Bold*, _soft_, ~gone~ and `code`: https://example.org/trains?from=here\n> before",
                **SEALED),
        message(5, "/me packs", edited=True, **SEALED),
        message(6, "x", retracted="ava", **SEALED),
        message(TODAY + 1, "ok!", protection=Protection.ATTENTION),
        message(TODAY + 2, "Alice, that was my phone: 電話", mention=True, protection=Protection.SEALED),
        message(TODAY + 3, "Storm from the west.", type=MessageType.HEADLINE, subject="Warning",
                sender=Address("", "weather.example")),
        message(TODAY + 4, "not going", own=True, delivery=Delivery.FAILED, failure="The server said no."),
        message(TODAY + 5, "Six thirty it is", own=True, delivery=Delivery.QUEUED),
    ]  # fmt: skip


def filled(select: int | None) -> Callable[[Pilot[None]], object]:
    async def fill(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, Host)
        await pilot.pause()
        log = app.log_widget
        messages = conversation()
        gap = Gap(1, CHAT, messages[5].at, "", messages[6].at, "")
        log.show(
            CHAT, page(messages, gaps=[gap]), unread_from=messages[5].place, peer="ava", own_nick="alice"
        )
        for name in ("elif joined", "farid left", "greta joined"):
            log.add_notice(name, START + timedelta(minutes=TODAY + 6), "join")
        if select is not None:
            log.select(messages[select])
        else:
            log.jump_end()
        await pilot.pause()

    return fill


@pytest.mark.parametrize("theme", ["quiet-dark", "paper", "ansi", "mono"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_log(snap_compare: Callable[..., bool], theme: str, size: tuple[int, int]) -> None:
    assert snap_compare(Host(theme), terminal_size=size, run_before=filled(7))


def test_log_in_ascii(snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(Host("mono", ascii=True), terminal_size=(60, 15), run_before=filled(None))

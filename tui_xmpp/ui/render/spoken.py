"""What other profiles draw in its place, as sentences for a screen reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_xmpp.core.message import Delivery, Message
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.render import body, linear
from tui_xmpp.ui.render.message import Scene, name_of

_WORDS = {Delivery.TAKEN: "sent", Delivery.DELIVERED: "delivered to", Delivery.READ: "read by"}


def amendment(scene: Scene, before: Message, now: Message) -> list[str]:
    """Return what became of a message: edited, taken back, reacted to, not sent; nothing else is said."""
    who = name_of(now, scene.peer)
    if now.retracted and not before.retracted:
        return [f"{who} took back: {linear.recalled(before)}"]
    lines: list[str] = []
    if now.body != before.body and not now.retracted:
        shown = body.shown(now)
        what = (
            "still cannot be opened"
            if now.unopened
            else "wrote, readable now"
            if before.unopened
            else "edited"
        )
        lines.append(f"{who} {what}: {clean_line(shown.text[: shown.own])}")
    for reaction in now.reactions:
        if reaction in before.reactions or not reaction.emojis:
            continue
        name = "me" if reaction.own else reaction.nick or scene.peer or reaction.sender.local
        signs = clean_line(" ".join(reaction.emojis), 40)
        lines.append(f"{clean_line(name, 40)} reacted {signs} to: {linear.recalled(now)}")
    if now.delivery is Delivery.FAILED and before.delivery is not Delivery.FAILED:
        lines.append(f"not sent: {linear.recalled(now)}. {linear.failure(scene.look, now)}")
    return lines


def deliveries(counts: Mapping[Delivery, int], peer: str) -> list[str]:
    """Return how far own messages came, one line for each state: `read by ava`, `2 messages read by ava`."""
    lines = []
    for state, words in _WORDS.items():
        count = counts.get(state, 0)
        if count:
            many = f"{count} messages " if count > 1 else ""
            lines.append(f"{many}{words} {peer}" if state is not Delivery.TAKEN else f"{many}{words}")
    return lines


def elsewhere(label: str, news: Sequence[Message]) -> str:
    """Return what came in another chat: `#dev: 2 new, bram: …` with the newest of them."""
    last = news[-1]
    name = name_of(last, label)
    who = f"{name}: " if name != label else ""
    return f"{label}: {len(news)} new, {who}{linear.recalled(last)}"


def comings(joined: Sequence[str], left: Sequence[str]) -> str:
    """Return who came and went, in one line; empty: nobody."""
    parts = [
        f"{' and '.join(clean_line(nick, 40) for nick in nicks)} {verb}"
        for nicks, verb in ((joined, "joined"), (left, "left"))
        if nicks
    ]
    return ", ".join(parts)

"""The floods: what is sent, and that nothing of it is lost, nor of what was typed meanwhile."""

from __future__ import annotations

from typing import Any

from tests.attacks.flood.scene import CONTACTS, FULL, ROOM, Scene, contact

MANY = 10_000
OCCUPANTS = 2_000
_USER = "http://jabber.org/protocol/muc#user"


async def messages(scene: Scene) -> Any:
    """Half of them in the chat that is open, the others in many."""
    senders = [0 if number % 2 else number // 2 % CONTACTS for number in range(MANY)]
    flood = [
        f"<message from='{contact(sender)}/phone' to='{FULL}' type='chat' id='n{number}'>"
        f"<body>text {number}</body></message>"
        for number, sender in enumerate(senders)
    ]
    figures = await scene.flooded(flood, f"message {contact(0)} text {MANY - 1}")
    for one in range(CONTACTS):
        said = [f"text {number}" for number, sender in enumerate(senders) if sender == one]
        assert [kept.body for kept in scene.archived(one)] == said, "lost, doubled or out of order"
    assert figures["newest"] == f"text {MANY - 1}", "the end of the chat is not shown"
    return _typed(figures)


async def presences(scene: Scene) -> Any:
    """Of all contacts, at some devices each."""
    flood = [
        f"<presence from='{contact(number % CONTACTS)}/r{number % 50}' to='{FULL}'>"
        f"<show>{('away', 'xa', 'dnd')[number % 3]}</show><status>{number}</status></presence>"
        for number in range(MANY)
    ]
    last = f"{contact(0)}/last"
    flood.append(f"<presence from='{last}' to='{FULL}'/>")
    return _typed(await scene.flooded(flood, f"presence {last}"))


async def room(scene: Scene) -> Any:
    """A room is entered in which so many are."""
    own = "<status code='110'/>"
    item = "<item affiliation='none' role='participant'/>"
    nicks = [*(f"nick{number:04}" for number in range(OCCUPANTS)), "anna"]
    scene.entering = [
        f"<presence from='{ROOM}/{nick}' to='{FULL}'><x xmlns='{_USER}'>{item}"
        f"{own if nick == 'anna' else ''}</x></presence>"
        for nick in nicks
    ]
    scene.entering.append(
        f"<message from='{ROOM}' to='{FULL}' type='groupchat'><subject>Spring</subject></message>"
    )
    figures = await scene.flooded([], f"room {ROOM} {len(nicks)}", join=ROOM)
    return _typed(figures)


def _typed(figures: Any) -> Any:
    assert figures["composer"] == figures["typed"], "what was typed is not what stands there"
    assert len(figures["typed"]) > 10
    return figures

"""What servers can see of a chat, in plain words: no encryption hides who talks to whom."""

from __future__ import annotations

from collections.abc import Sequence

_ALWAYS = (
    "Who writes to whom, when, and how long each message is.",
    "From which address you connect, and when you are here; what your presence says.",
    "Who is on your list, under which names and in which groups.",
)
_SEALED = (
    "That you use encryption: the number, names and keys of everybody's devices.",
    "Who is typing, what has arrived, and what has been read.",
    "Which message is answered, corrected or taken back. Where a device knows only the old OMEMO nothing but"
    " text can be encrypted: subjects and reactions are not sent.",
)
_CLEAR = ("Every word, now and in the archives of the servers.",)
_ROOM = (
    "The name and the subject of the room, its list of members, and who comes and goes."
    " The room's server may let somebody in; you see that before anything is sealed for them.",
)


def seen_by_servers(is_room: bool, *, sealed: bool) -> Sequence[str]:
    """Return what the servers of both sides see, a sentence or two each."""
    return (*(() if sealed else _CLEAR), *_ALWAYS, *(_ROOM if is_room else ()), *(_SEALED if sealed else ()))

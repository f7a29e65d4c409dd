"""A message as rows: mark, time, nick, text, and what belongs above and below the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from tui_xmpp.core.attachment import without_keys
from tui_xmpp.core.message import Delivery, Message, MessageType, Reply
from tui_xmpp.core.security import Protection
from tui_xmpp.core.text import clean_line
from tui_xmpp.core.value import value
from tui_xmpp.ui.render import body
from tui_xmpp.ui.render.columns import OWN_NAME, STATE_CELLS, Columns, Row, head, indent
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.wrap import Slice, cut, wrap

MORE = "… press Enter on it to see the rest"
MORE_COPY = "… too long to show: copy it to read the rest"
REPLY_PART = "reply"
"""The value of `Style.meta["part"]` in the quoted line of a reply."""

_EMOJI_KINDS = 12
_STATES = {
    Delivery.QUEUED: "queued",
    Delivery.WRITTEN: "written",
    Delivery.TAKEN: "taken",
    Delivery.DELIVERED: "delivered",
    Delivery.READ: "read",
    Delivery.FAILED: "failed",
}
_BOLD = Style(bold=True)


@value
class Scene:
    """What the messages of one log have in common."""

    look: Look
    grid: Columns
    peer: str = ""
    """The name of the contact, for messages without a nick."""
    own_nick: str = ""
    """What a mention of us looks like."""


@dataclass(slots=True)
class Layout:
    """How the rows of one message are cut; as many rows as `height` says."""

    shown: body.Shown
    quote: str
    tag: str
    slices: list[Slice]
    more: str
    reactions: list[str]
    failure: str
    failure_slices: list[Slice]

    @property
    def height(self) -> int:
        """The number of rows."""
        above = bool(self.quote) + bool(self.tag)
        below = bool(self.more) + len(self.reactions) + len(self.failure_slices)
        return max(1, above + len(self.slices) + below)


def name_of(message: Message, peer: str = "") -> str:
    """Return the cleaned name of whoever wrote a message."""
    if message.outgoing:
        return OWN_NAME
    name = message.nick or (message.sender.resource if message.type is MessageType.GROUPCHAT else "")
    if not name and message.sender.bare == message.chat.address.bare:
        name = peer
    return clean_line(name or message.sender.local or message.sender.domain, 40).strip() or "?"


def layout(scene: Scene, message: Message, *, unfolded: bool = False) -> Layout:
    """Return how a message is cut into rows."""
    room = scene.grid.room
    shown = body.shown(message, unfolded=unfolded, look=scene.look)
    text_room = room - STATE_CELLS if message.delivery is not Delivery.INCOMING else room
    tag_line = tag(message)
    slices = [] if tag_line and not shown.text else wrap(shown.text, text_room)
    failure = ""
    if message.delivery is Delivery.FAILED:
        reason = clean_line(message.failure or "It was not sent.")
        failure = f"{scene.look.sign('failed')} {reason}  {scene.look.retry_keys}: send again"
    return Layout(
        shown,
        _quote(scene, message),
        tag_line,
        slices,
        (MORE_COPY if unfolded else MORE) if shown.cut else "",
        _reactions(message, room),
        failure,
        wrap(failure, room) if failure else [],
    )


def height(scene: Scene, message: Message, *, unfolded: bool = False) -> int:
    """Return the number of rows of a message."""
    return layout(scene, message, unfolded=unfolded).height


def rows(
    scene: Scene,
    message: Message,
    *,
    repeated: bool = False,
    chosen: bool = False,
    unfolded: bool = False,
    marks: Sequence[tuple[int, int]] = (),
) -> list[Row]:
    """Return the rows of a message.

    *repeated*: the nick stands just above and is dropped. *chosen*: it is selected. *marks*: places in the
    body that a search found.
    """
    look, grid = scene.look, scene.grid
    cuts = layout(scene, message, unfolded=unfolded)
    dim = look.style("dim")
    text: list[Row] = []
    if cuts.quote:
        part = Style.from_meta({"part": REPLY_PART})
        text.append([Segment(cut(cuts.quote, grid.room), dim + part)])
    if cuts.tag:
        text.append([Segment(cut(cuts.tag, grid.room), dim)])
    text += _text_rows(scene, message, cuts, marks)
    if cuts.more:
        text.append([Segment(cut(cuts.more, grid.room), look.style("accent"))])
    text += [[Segment(line, dim)] for line in cuts.reactions]
    text += [[Segment(cuts.failure[a:z], look.style("error"))] for a, z in cuts.failure_slices]
    first = _head(scene, message, cuts, repeated=repeated, chosen=chosen)
    found = [[*(indent(look, grid) if number else first), *row] for number, row in enumerate(text or [[]])]
    return [[_chosen(look, part) for part in _full(row, grid)] for row in found] if chosen else found


def _text_rows(scene: Scene, message: Message, cuts: Layout, marks: Sequence[tuple[int, int]]) -> list[Row]:
    pieces = body.runs(scene.look, message, cuts.shown, scene.own_nick, marks)
    found: list[Row] = []
    place = 0
    for start, end in cuts.slices:
        row: Row = []
        while place < len(pieces) and pieces[place][1] <= start:
            place += 1
        at = place
        while at < len(pieces) and pieces[at][0] < end:
            low, high, style = pieces[at]
            row.append(Segment(cuts.shown.text[max(low, start) : min(high, end)], style))
            at += 1
        found.append(row)
    state = _STATES.get(message.delivery)
    if state is not None and found:
        sign = scene.look.sign(state)
        used = sum(segment.cell_length for segment in found[-1])
        gap = max(1, scene.grid.room - used - cell_len(sign))
        style = scene.look.style(_STATE_TOKENS.get(message.delivery, "dim"))
        found[-1] += [Segment(" " * gap, scene.look.style("text")), Segment(sign, style)]
    return found


_STATE_TOKENS = {Delivery.FAILED: "error", Delivery.READ: "accent", Delivery.QUEUED: "warn"}


def _head(scene: Scene, message: Message, cuts: Layout, *, repeated: bool, chosen: bool) -> Row:
    look = scene.look
    name = name_of(message, scene.peer)
    room = message.type is MessageType.GROUPCHAT
    style = look.nick_style(name if room else str(message.sender.bare), own=message.outgoing)
    if message.mention:
        style += look.style("mention") + _BOLD
    if cuts.shown.action and not message.retracted:
        name = f"* {name}"
    elif repeated:
        name = ""
    doubtful = message.protection.is_doubtful
    mark_token = "warn" if doubtful else "ok" if message.protection is Protection.VERIFIED else "dim"
    weight = _BOLD if doubtful else Style.null()
    mark = Segment(message.protection.mark, look.style(mark_token) + weight)
    return head(look, scene.grid, mark, message.at, name, style, chosen=chosen)


def _quote(scene: Scene, message: Message) -> str:
    words = quoted(scene, message)
    return f"{scene.look.sign('quote')} {words}" if words else ""


def quoted(scene: Scene, message: Message) -> str:
    """Return who said what a message answers, and what it was; empty: it answers none."""
    reply = message.reply
    if reply is None or message.retracted:
        return ""
    who = clean_line(_answered(scene, message, reply), 40).strip()
    said = clean_line(without_keys(reply.text.strip()) or "a message that is not at hand", 200)
    return f"{who}: {said}" if who else said


def _answered(scene: Scene, message: Message, reply: Reply) -> str:
    if reply.nick or reply.sender is None:
        return reply.nick
    if reply.sender.bare == message.chat.account:
        return OWN_NAME
    if reply.sender.bare == message.chat.address.bare and scene.peer:
        return scene.peer
    return reply.sender.local


def tag(message: Message) -> str:
    """Return what kind of message it is, where it is no ordinary one, and its subject."""
    subject = clean_line(message.subject, 200).strip()
    if message.retracted or message.type is MessageType.GROUPCHAT:
        return f"subject: {subject}" if subject and not message.retracted else ""
    kind = {
        MessageType.HEADLINE: "headline",
        MessageType.ERROR: "error",
        MessageType.NORMAL: "single message",
    }.get(message.type, "subject" if subject else "")
    return f"{kind}: {subject}" if subject else kind


def reaction_counts(message: Message) -> list[str]:
    """Return the reactions to a message, each with its count and a star where one is ours."""
    counts: dict[str, int] = {}
    own: set[str] = set()
    for reaction in message.reactions:
        for emoji in dict.fromkeys(reaction.emojis):
            sign = clean_line(emoji, 16).strip()
            if sign:
                counts[sign] = counts.get(sign, 0) + 1
                own |= {sign} if reaction.own else set()
    if not counts or message.retracted:
        return []
    parts = [f"{sign} {count}{'*' if sign in own else ''}" for sign, count in counts.items()]
    if len(parts) > _EMOJI_KINDS:
        parts[_EMOJI_KINDS:] = [f"and {len(parts) - _EMOJI_KINDS} more"]
    return parts


def _reactions(message: Message, room: int) -> list[str]:
    parts = reaction_counts(message)
    if not parts:
        return []
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]}  {part}" if lines[-1] else part
        if cell_len(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(cut(part, room))
    return [line for line in lines if line]


def _full(row: Row, grid: Columns) -> Row:
    used = sum(segment.cell_length for segment in row)
    return [*row, Segment(" " * max(0, grid.text + grid.room - used), Style.null())]


def _chosen(look: Look, segment: Segment) -> Segment:
    return Segment(segment.text, look.selected(segment.style or Style.null()))

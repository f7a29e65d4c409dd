"""Turns the records of a log into strips, and keeps the strips that were drawn lately."""

from __future__ import annotations

from collections import OrderedDict

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from tui_xmpp.core.message import Message
from tui_xmpp.ui.render import linear, rules
from tui_xmpp.ui.render import message as messages
from tui_xmpp.ui.render.columns import OWN_NAME, WIDEST_NICK, Row, columns
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.message import Scene
from tui_xmpp.ui.widgets.log_records import Notices, Record, Records

KEPT = 400
"""Records whose strips are kept."""
_USUAL_NICK = 8


class Painter:
    """Measures and draws records."""

    def __init__(self, look: Look, records: Records) -> None:
        self.look = look
        self.notices_shown = True
        self.width = 0
        self.peer = ""
        self.own_nick = ""
        self._records = records
        self._nick = _USUAL_NICK
        self._scene: Scene | None = None
        self._kept: OrderedDict[tuple[int, bool], list[Strip]] = OrderedDict()

    def change(self, *, width: int | None = None, look: Look | None = None) -> None:
        """Draw everything anew, in another width or look."""
        self.width = self.width if width is None else width
        self.look = look or self.look
        self._scene = None
        self._kept.clear()

    def begin(self, peer: str, own_nick: str) -> None:
        """Another chat: its names, and the column they need."""
        self.peer, self.own_nick = peer, own_nick
        self._nick = _USUAL_NICK
        self.widen([record.item for record in self._records.items if isinstance(record.item, Message)])
        self.change()

    def widen(self, new: list[Message]) -> bool:
        """Make room for the names of new messages; True: everything has to be measured again."""
        if self.look.linear:
            return False
        widest = max((cell_len(messages.name_of(one, self.peer)) for one in new), default=0)
        widest = min(WIDEST_NICK, max(widest, len(OWN_NAME)))
        if widest <= self._nick:
            return False
        self._nick = widest
        self._scene = None
        self._kept.clear()
        return True

    @property
    def scene(self) -> Scene:
        """What the messages of this log have in common."""
        if self._scene is None:
            grid = columns(self.look, self.width, self._nick)
            self._scene = Scene(self.look, grid, self.peer, self.own_nick)
        return self._scene

    def measure(self, index: int) -> int:
        """Return the rows of a record, those above it included."""
        record = self._records.items[index]
        item = record.item
        if self.look.linear:
            return len(self._said(record))
        if isinstance(item, Message):
            return record.lead + messages.height(self.scene, item, unfolded=record.unfolded)
        if isinstance(item, Notices) and self._shows(item):
            grid = self.scene.grid
            return record.lead + rules.notice_height(grid, item.notices, unfolded=record.unfolded)
        return record.lead

    def strips(self, record: Record, *, chosen: bool) -> list[Strip]:
        """Return the rows of a record, those above it included."""
        key = (record.key, chosen)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        base = self.look.style("background") + self.look.style("text")
        if self.look.linear:
            style = self.look.selected(base) if chosen else base
            rows: list[Row] = [[Segment(row, style)] for row in self._said(record)]
        else:
            rows = [*self._lead(record), *self._rows(record, chosen)]
        found = [Strip(row).apply_style(base).adjust_cell_length(self.width, base).simplify() for row in rows]
        self._kept[key] = found
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    def blank(self) -> Strip:
        """Return an empty row."""
        return Strip.blank(self.width, self.look.style("background") + self.look.style("text"))

    def words(self, text: str) -> Strip:
        """Return a dim row of our own words."""
        base = self.look.style("background") + self.look.style("dim")
        return Strip([Segment(f"  {text}", base)]).adjust_cell_length(self.width, base)

    def _said(self, record: Record) -> list[str]:
        """Return the rows of what a record says; it is put into words once."""
        if not record.said:
            lead = self._lead_lines(record)
            record.said_lead = len(lead)
            record.said = (*lead, *self._lines(record))
        return [row for line in record.said for row in linear.rows(line, self.width)]

    def _lead_lines(self, record: Record) -> list[str]:
        lines = [
            linear.gap_line(self.look, gap, filling=gap.number in self._records.filling)
            for gap in record.gaps
        ]
        if record.day is not None:
            lines.append(linear.day_line(self.look, record.day))
        if record.unread:
            lines.append(linear.unread_line(self._records.unread_count()))
        return lines

    def _lines(self, record: Record) -> list[str]:
        item = record.item
        if isinstance(item, Message):
            return [linear.message_line(self.scene, item, unfolded=record.unfolded)]
        return linear.notice_lines(item.notices) if isinstance(item, Notices) else []

    def _shows(self, item: Notices) -> bool:
        # What warns of something is not hidden with those who come and go.
        return self.notices_shown or item.notices[0].kind == "warning"

    def _lead(self, record: Record) -> list[Row]:
        rows: list[Row] = []
        for gap in record.gaps:
            filling = gap.number in self._records.filling
            rows.append(rules.gap_row(self.look, self.width, gap, filling=filling))
        if record.day is not None:
            rows.append(rules.day_row(self.look, self.width, record.day))
        if record.unread:
            rows.append(rules.unread_row(self.look, self.width, self._records.unread_count()))
        return rows

    def _rows(self, record: Record, chosen: bool) -> list[Row]:
        item = record.item
        if isinstance(item, Message):
            return messages.rows(
                self.scene,
                item,
                repeated=record.repeated,
                chosen=chosen,
                unfolded=record.unfolded,
                marks=record.marks,
            )
        if isinstance(item, Notices) and self._shows(item):
            grid = self.scene.grid
            return rules.notice_rows(self.look, grid, item.notices, unfolded=record.unfolded)
        return []

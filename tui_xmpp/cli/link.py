"""The verb `link`: what was spent, from the disk alone; no network, no session, no screen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from ..core.address import Address
from ..core.chat import ChatKey
from ..core.ports import Ledger
from ..core.traffic import Amount, Category, Spent
from ..core.value import value

_SINCE = datetime(2000, 1, 1, tzinfo=UTC)
_DAYS, _MONTHS = 31, 366


@value
class Line:
    """What one category, in one chat where it belongs to one, has cost in one span of time."""

    span: str
    """`hour`, `day` or `month`."""
    begins: datetime
    """Local time."""
    spent: Spent


def lines(ledger: Ledger, account: Address | None, now: datetime) -> Iterator[Line]:
    """Yield the hours of the last day, the days of the last month and the months of the last year, in order.

    What is older than forty days is kept by day, without chats.
    """
    kept = [one for one in ledger.spent(_SINCE, now + timedelta(hours=1)) if account in (None, one.account)]
    for span, begins, length in (
        ("hour", _hour, timedelta(days=1)),
        ("day", _day, timedelta(days=_DAYS)),
        ("month", _month, timedelta(days=_MONTHS)),
    ):
        yield from _summed(span, begins, (one for one in kept if one.hour > now - length))


def json_line(line: Line) -> str:
    """Return one JSON object; sizes are in bytes, `tcp` and `left_out` are estimates."""
    spent = line.spent
    record = {
        "span": line.span,
        "begins": line.begins.isoformat(timespec="minutes"),
        "account": str(spent.account),
        "category": spent.category.value,
        "chat": None if spent.chat is None else str(spent.chat.address),
        "xml": _both(spent.xml),
        "tls": _both(spent.tls),
        "tcp": _both(spent.tcp),
        "left_out": _both(spent.spared),
    }
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def readable(found: Iterable[Line]) -> Iterator[str]:
    """Yield a line for each span with both ways, and the categories by what they took."""
    spans: dict[tuple[str, datetime], list[Spent]] = {}
    for line in found:
        spans.setdefault((line.span, line.begins), []).append(line.spent)
    for (span, begins), spent in spans.items():
        whole = sum((one.xml + one.tls for one in spent), Amount())
        by: dict[Category, int] = {}
        for one in spent:
            by[one.category] = by.get(one.category, 0) + (one.xml + one.tls).total
        order = sorted((one for one in by if by[one]), key=lambda one: -by[one])
        parts = ", ".join(f"{one.value} {100 * by[one] / whole.total:.0f}%" for one in order)
        left_out = sum(one.spared.total for one in spent)
        more = f"; left out about {_kilobytes(left_out)}" if left_out else ""
        when = begins.strftime({"hour": "%Y-%m-%d %H:%M", "day": "%Y-%m-%d", "month": "%Y-%m"}[span])
        up, down = _kilobytes(whole.up), _kilobytes(whole.down)
        yield f"{span:<5}  {when:<16}  up {up:>12}  down {down:>12}  {parts or 'nothing'}{more}"


def _summed(span: str, begins: Callable[[datetime], datetime], kept: Iterable[Spent]) -> Iterator[Line]:
    sums: dict[tuple[datetime, Address, Category, ChatKey | None], list[Spent]] = {}
    for one in kept:
        start = begins(one.hour.astimezone())
        sums.setdefault((start, one.account, one.category, one.chat), []).append(one)
    for (start, account, category, chat), same in sums.items():
        spent = Spent(
            account,
            same[0].hour,
            category,
            chat,
            xml=_sum(one.xml for one in same),
            tls=_sum(one.tls for one in same),
            tcp=_sum(one.tcp for one in same),
            spared=_sum(one.spared for one in same),
        )
        yield Line(span, start, spent)


def _sum(amounts: Iterable[Amount]) -> Amount:
    return sum(amounts, Amount())


def _both(amount: Amount) -> dict[str, int]:
    return {"up": amount.up, "down": amount.down}


def _kilobytes(size: int) -> str:
    return f"{size / 1000:,.1f} kB"


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _day(at: datetime) -> datetime:
    return _hour(at).replace(hour=0)


def _month(at: datetime) -> datetime:
    return _day(at).replace(day=1)

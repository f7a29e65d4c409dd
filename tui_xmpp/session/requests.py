"""What we asked and is not answered yet: iq requests, and the results of archive queries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any
from xml.etree import ElementTree as ET

from ..core.address import Address
from . import convert, guard
from .feature import Failed
from .lanes import Lane
from .unwrap import MAM

_RESULT = f"{{{MAM}}}result"
_MOST_RESULTS = 500
"""Held for one archive query; the largest page any link profile asks for is far below."""
_MOST_PATIENCE = 10
"""How many times its time a request waits on a link that brings other things."""


class _Result:
    """What a request gives once it is awaited; nobody has to."""

    def __init__(self, wait: Callable[[], Coroutine[Any, Any, ET.Element]]) -> None:
        self._wait = wait

    def __await__(self) -> Generator[Any, Any, ET.Element]:
        return self._wait().__await__()


class Requests:
    """Of one account; `write` puts a stanza on the stream and says whether there was one.

    `heard_at` is when anything last came, in the loop's time: an answer may stand behind much else.
    """

    def __init__(
        self, own: Address, write: Callable[[ET.Element, Lane], bool], heard_at: Callable[[], float]
    ) -> None:
        self._own = own
        self._write = write
        self._heard_at = heard_at
        self._asked: dict[str, tuple[Address | None, asyncio.Future[ET.Element]]] = {}
        self._queries: dict[str, tuple[Address, list[ET.Element]]] = {}

    def is_open(self, id: str) -> bool:
        """Whether the request with this id still waits."""
        return id in self._asked

    def ask(
        self, id: str, kind: str, payload: ET.Element, to: Address | None, timeout: float, lane: Lane
    ) -> Awaitable[ET.Element]:
        """Write an iq at once; awaited, it gives its result.

        Raises `Failed` after `timeout` seconds in which nothing came, or ten times as many in all.
        """
        iq = convert.stanza("iq", to, kind, id)
        iq.append(payload)
        answer: asyncio.Future[ET.Element] = asyncio.get_running_loop().create_future()
        self._asked[id] = (to, answer)
        if not self._write(iq, lane):
            answer.set_exception(Failed("You are offline.", "offline"))
        return _Result(lambda: self._result(id, answer, timeout))

    async def _result(self, id: str, answer: asyncio.Future[ET.Element], timeout: float) -> ET.Element:
        loop = asyncio.get_running_loop()
        began = loop.time()
        timer: asyncio.TimerHandle

        def look() -> None:
            nonlocal timer
            last = min(max(began, self._heard_at()), began + (_MOST_PATIENCE - 1) * timeout)
            if last + timeout > loop.time():
                timer = loop.call_at(last + timeout, look)
            elif not answer.done():
                answer.set_exception(Failed("The server did not answer in time; try again.", "timeout"))

        timer = loop.call_later(timeout, look)
        try:
            # The answer itself is awaited: what follows from it comes before the next stanza is looked at.
            result = await answer
        finally:
            timer.cancel()
            self._asked.pop(id, None)
        if result.get("type") == "error":
            error = convert.child(result, convert.CLIENT, "error")
            raise Failed(convert.sentence(error), convert.condition_of(error), error)
        return result

    def answered(self, iq: ET.Element, full: Address | None) -> None:
        """Take a result or an error; from anybody but whom we asked it is nothing."""
        asked = self._asked.get(iq.get("id", ""))
        if asked is None:
            return
        to, answer = asked
        if guard.is_answer(convert.address_in(iq), to, self._own, full) and not answer.done():
            answer.set_result(iq)

    def collect(self, archive: Address, query_id: str, results: list[ET.Element] | None) -> None:
        """Collect the results of an archive query; None: the query is over."""
        if results is None:
            self._queries.pop(query_id, None)
        else:
            self._queries[query_id] = (archive, results)

    def collected(self, message: ET.Element) -> bool:
        """Take a message that is an archive's result; False: it is none.

        XEP-0313 §6: results count only from the archive that was asked, and only while it is being asked.
        """
        result = message.find(_RESULT)
        if result is None:
            return False
        query = self._queries.get(result.get("queryid", ""))
        if query is None or not guard.is_archive(convert.address_in(message), query[0], self._own):
            return True
        # A hostile room might send any number, whatever <max/> it was asked for (XEP-0059 §2.1).
        if len(query[1]) < _MOST_RESULTS:
            query[1].append(result)
        return True

    def stop(self) -> None:
        """The stream is gone: nothing will be answered."""
        for _, answer in self._asked.values():
            if not answer.done():
                answer.set_exception(Failed("The connection was lost; try again.", "offline"))
        self._asked.clear()
        self._queries.clear()

"""What we asked and is not answered yet: iq requests, and the results of archive queries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any
from xml.etree import ElementTree as ET

from ..core.address import Address
from . import convert, guard
from .feature import Failed
from .lanes import Lane, Parcel
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


class _Question:
    """One request, from its asking to its answer or to the end of anybody's patience."""

    def __init__(
        self, to: Address | None, timeout: float, heard_at: Callable[[], float], overdue: Callable[[], None]
    ) -> None:
        self.to = to
        loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[ET.Element] = loop.create_future()
        self._loop = loop
        self._began = loop.time()
        self._timeout = timeout
        self._heard_at = heard_at
        self._overdue = overdue
        self._timer = loop.call_later(timeout, self._look)
        self._doubt: asyncio.TimerHandle | None = None
        self.answer.add_done_callback(self._over)

    def doubt_after(self, seconds: float) -> None:
        """Doubt the link if neither the answer nor anything else comes for so long; later once more."""
        self._doubt = self._loop.call_later(seconds, self._maybe_doubt, seconds)

    def _maybe_doubt(self, seconds: float) -> None:
        now = self._loop.time()
        # Without a link it is asked, and waited for, again.
        if (self._heard_at() or now) + seconds > now:
            self.doubt_after(seconds)
        else:
            self._overdue()
            self.doubt_after(2 * seconds)

    def _look(self) -> None:
        patient_until = self._began + (_MOST_PATIENCE - 1) * self._timeout
        last = min(max(self._began, self._heard_at()), patient_until)
        if last + self._timeout > self._loop.time():
            self._timer = self._loop.call_at(last + self._timeout, self._look)
        else:
            self.fail("The server did not answer in time; try again.", "timeout")

    def fail(self, sentence: str, condition: str) -> None:
        """It will not be answered any more."""
        if not self.answer.done():
            self.answer.set_exception(Failed(sentence, condition))

    def _over(self, answer: asyncio.Future[ET.Element]) -> None:
        self._timer.cancel()
        if self._doubt is not None:
            self._doubt.cancel()
        # Looked at, so that nobody complains where nobody waits for it.
        if not answer.cancelled():
            answer.exception()


class Requests:
    """Of one account; *post* lets a stanza go when its turn has come, or gives None: there is no session;
    *withdraw* takes it back if its turn has not come.

    *heard_at* is when anything last came, in the loop's time: an answer may stand behind much else. What
    somebody waits for while nothing is heard for *patience* seconds, *overdue* is told of.
    """

    def __init__(
        self,
        own: Address,
        post: Callable[[ET.Element, Lane], Parcel | None],
        withdraw: Callable[[Parcel], None],
        heard_at: Callable[[], float],
        *,
        patience: Callable[[], float],
        overdue: Callable[[], None],
    ) -> None:
        self._patience = patience
        self._overdue = overdue
        self._own = own
        self._post = post
        self._withdraw = withdraw
        self._heard_at = heard_at
        self._asked: dict[str, _Question] = {}
        self._queries: dict[str, tuple[Address, list[ET.Element]]] = {}

    def ask(
        self, id: str, kind: str, payload: ET.Element, to: Address | None, timeout: float, lane: Lane
    ) -> Awaitable[ET.Element]:
        """Write an iq at once, or when its turn comes; awaited, it gives its result.

        Raises `Failed` after `timeout` seconds in which nothing came, or ten times as many in all; what has
        not been written by then never will be.
        """
        iq = convert.stanza("iq", to, kind, id)
        iq.append(payload)
        question = self._asked[id] = _Question(to, timeout, self._heard_at, self._overdue)
        if lane is Lane.REQUEST:
            question.doubt_after(self._patience())
        parcel = self._post(iq, lane)
        if parcel is None:
            question.fail("You are offline.", "offline")

        def over(answer: asyncio.Future[ET.Element]) -> None:
            self._asked.pop(id, None)
            if parcel is not None and (answer.cancelled() or answer.exception() is not None):
                self._withdraw(parcel)

        question.answer.add_done_callback(over)
        return _Result(lambda: self._result(question.answer))

    async def _result(self, answer: asyncio.Future[ET.Element]) -> ET.Element:
        # The answer itself is awaited: what follows from it comes before the next stanza is looked at.
        result = await answer
        if result.get("type") == "error":
            error = convert.child(result, convert.CLIENT, "error")
            raise Failed(convert.sentence(error), convert.condition_of(error), error)
        return result

    def answered(self, iq: ET.Element, full: Address | None) -> None:
        """Take a result or an error; from anybody but whom we asked it is nothing."""
        asked = self._asked.get(iq.get("id", ""))
        if asked is None or asked.answer.done():
            return
        if guard.is_answer(convert.address_in(iq), asked.to, self._own, full):
            asked.answer.set_result(iq)

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
        for question in self._asked.values():
            question.fail("The connection was lost; try again.", "offline")
        self._asked.clear()
        self._queries.clear()

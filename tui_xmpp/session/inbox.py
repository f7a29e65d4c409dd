"""Everything that comes in, in order: unwrapped, read, kept and told, a few stanzas in one transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from slixmpp.xmlstream import tostring

from tui_xmpp.core.value import value

from ..core.address import Address
from ..core.events import Level, Notice
from ..core.ports import StorageError
from . import convert, guard, muc, unwrap
from .crypto.seals import takes_gpg
from .feature import Failed, Unserved
from .reception import Reception

if TYPE_CHECKING:
    from .account import AccountSession

log = logging.getLogger("tui-xmpp")

_MESSAGE = f"{{{convert.CLIENT}}}message"
_PRESENCE = f"{{{convert.CLIENT}}}presence"
_MOST_AT_ONCE = 20
"""Stanzas kept in one transaction, so that the screen gets its turn."""
_MOST_WAITING = 500
_MOST_BYTES_WAITING = 4 * 1024 * 1024
"""Where gpg or the disk takes its time; what is read of them has some times as much."""
_IQ = f"{{{convert.CLIENT}}}iq"
_FAULT = "Something went wrong inside; the log says more."


@value
class _Page:
    archive: Address
    results: Sequence[ET.Element]
    seen: bool
    done: asyncio.Future[int]


@value
class _Entry:
    item: ET.Element | _Page | Callable[[], None] | None
    """Something to call comes after all before it is on disk; None: dealt with on arrival, only counted."""
    counts: int = 0
    """1 for a stanza that stream management counts (XEP-0198 §4)."""


class Inbox:
    """One queue and one worker for an account: what came first is kept and told first.

    What the server is told that we have, is on the disk: the count is written in the same transaction.
    """

    def __init__(self, account: AccountSession) -> None:
        self._account = account
        self._reception = Reception(account)
        self._queue: asyncio.Queue[_Entry] = asyncio.Queue()
        self._next: _Entry | None = None
        """Taken from the queue, and nothing that could go with those before it."""
        self._read = 0
        """Bytes that the stream had read when nothing waited."""
        self._link = 0
        """How many links were lost."""

    def begin(self) -> None:
        """A link stands: what comes now came after all that is known."""
        self._reception.chronology.begin(self._account.world.chats.values())

    def put(self, item: ET.Element | Callable[[], None] | None, *, counts: bool = False) -> None:
        """Queue a stanza, or something to call once everything before it has been dealt with."""
        self._queue.put_nowait(_Entry(item, int(counts)))

    def is_full(self, read: int) -> bool:
        """Whether as much waits as should: what comes still is better left with the network.

        *read*: bytes that the stream has read so far.
        """
        if self._queue.empty() or read < self._read:
            self._read = read
        return self._queue.qsize() >= _MOST_WAITING or read - self._read > _MOST_BYTES_WAITING

    async def put_page(self, archive: Address, results: Sequence[ET.Element], *, seen: bool) -> int:
        """Queue a page of archive results; returns how many messages were new once it is on disk."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Entry(_Page(archive, results, seen, done)))
        return await done

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            batch = await self._batch()
            try:
                if await self._is_stale(batch):
                    _forget(batch)
                else:
                    self._deal_with(batch)
            except asyncio.CancelledError:
                _forget(batch)
                raise
            except StorageError as error:
                # Not acknowledged and the link cut: the server keeps what our disk would not take.
                self._account.life.give_up(str(error))
                _forget(batch)
            except Exception:
                # Whatever it is, the worker must not end: nothing would come in any more, and nobody be told.
                log.exception("the inbox failed")
                self._account.life.give_up(_FAULT)
                _forget(batch)
            finally:
                for _ in batch:
                    self._queue.task_done()
            await asyncio.sleep(0)

    async def _is_stale(self, batch: Sequence[_Entry]) -> bool:
        """What gpg has to open is opened first, where it can be at once: so all that is in it keeps its turn.

        Returns whether the link was lost meanwhile: the batch was not acknowledged, and comes again.
        """
        account, now = self._account, self._account.clock.now()
        found: list[unwrap.Unwrapped | None] = []
        for item in (entry.item for entry in batch):
            if isinstance(item, _Page):
                found += [
                    unwrap.archived(one, item.archive, account.own, account.world, now)
                    for one in item.results
                    if takes_gpg(one)
                ]
            elif isinstance(item, ET.Element) and item.tag == _MESSAGE and takes_gpg(item):
                found.append(unwrap.live(item, account.own, account.world, now))
        if not found:
            return False
        link = self._link
        try:
            await account.sealing.incoming.hurry(one for one in found if one is not None)
        except StorageError:
            raise
        except Exception:
            # They are opened behind the others.
            log.exception("nothing could be opened ahead")
        return link != self._link

    def _deal_with(self, batch: list[_Entry]) -> None:
        """If the whole fails, the one to blame is found alone; raises `StorageError`."""
        if self._attempt(batch):
            return
        for entry in batch:
            if len(batch) == 1 or not self._attempt([entry]):
                self._attempt([_Entry(None, entry.counts)])

    async def _batch(self) -> list[_Entry]:
        """The next entry; with it the stanzas right behind it, where it is one."""
        entry, self._next = self._next, None
        batch = [await self._queue.get() if entry is None else entry]
        while _is_stanza(batch[-1]) and not self._queue.empty() and len(batch) < _MOST_AT_ONCE:
            entry = self._queue.get_nowait()
            if not _is_stanza(entry):
                self._next = entry
                break
            batch.append(entry)
        return batch

    def _attempt(self, batch: list[_Entry]) -> bool:
        counted = sum(entry.counts for entry in batch)
        durable = any(isinstance(one.item, _Page) or _is_message(one) for one in batch)
        finished: list[Callable[[], None]] = []
        try:
            with self._account.together(durable=durable):
                self._work(batch, finished)
                if counted:
                    self._account.life.management.keep_count(counted)
        except StorageError:
            raise
        except Exception:
            # One stanza that cannot be dealt with must not end the account.
            log.exception("a stanza could not be handled")
            if len(batch) == 1 and isinstance(batch[0].item, _Page) and not batch[0].item.done.done():
                batch[0].item.done.set_result(0)
            return False
        self._account.life.management.handled(counted)
        for finish in finished:
            self._finish(finish)
        return True

    def _finish(self, finish: Callable[[], None]) -> None:
        try:
            finish()
        except StorageError:
            raise
        except Exception:
            # It was to follow what is on the disk by now: that is not undone, nor what came behind it.
            log.exception("%s failed behind what came in", finish)
            self._account.emit(Notice(_FAULT, Level.ERROR, self._account.own))

    def clear(self) -> None:
        """The link is gone: forget what was not dealt with; it was not acknowledged either."""
        self._link += 1
        left, self._next = ([] if self._next is None else [self._next]), None
        while not self._queue.empty():
            left.append(self._queue.get_nowait())
        for _ in left:
            self._queue.task_done()
        _forget(left)

    def _work(self, batch: Sequence[_Entry], finished: list[Callable[[], None]]) -> None:
        messages: list[ET.Element] = []
        for entry in batch:
            item = entry.item
            if isinstance(item, ET.Element) and item.tag == _MESSAGE:
                messages.append(item)
                continue
            self._messages(messages)
            messages = []
            if isinstance(item, _Page):
                finished.append(self._page(item))
            elif isinstance(item, ET.Element):
                if item.tag == _PRESENCE:
                    self._presence(item)
                elif item.tag == _IQ:
                    self._iq(item)
            elif item is not None:
                finished.append(item)
        self._messages(messages)

    def _messages(self, stanzas: Sequence[ET.Element]) -> None:
        account = self._account
        now = account.clock.now()
        found = [
            one
            for stanza in stanzas
            if not self._pep(stanza)
            and (one := unwrap.live(stanza, account.own, account.world, now)) is not None
        ]
        self._reception.take(found, seen=False)

    def _page(self, page: _Page) -> Callable[[], None]:
        account = self._account
        now = account.clock.now()
        found = [
            one
            for result in page.results
            if (one := unwrap.archived(result, page.archive, account.own, account.world, now)) is not None
        ]
        count = self._reception.take(found, seen=page.seen)

        def tell() -> None:
            if not page.done.done():
                page.done.set_result(count)

        return tell

    def _pep(self, stanza: ET.Element) -> bool:
        event = convert.child(stanza, convert.PUBSUB_EVENT, "event")
        if event is None:
            return False
        sender = convert.address_in(stanza)
        for items in convert.children(event, convert.PUBSUB_EVENT, "items"):
            node = items.get("node", "")
            if guard.is_own_account(sender, self._account.own):
                take = self._account.pep.get(node)
                if take is not None:
                    take(items)
            elif sender is not None and not sender.resource:
                # XEP-0163 §4.3.2: events come from the bare address of whom they are about.
                take_others = self._account.others_pep.get(node)
                if take_others is not None:
                    take_others(sender, items)
        return True

    def replay_all(self, presences: Iterable[str]) -> None:
        """See the newest presences of a session that goes on in this process."""
        stanzas = [ET.fromstring(text) for text in presences]
        # A room is entered once our own presence comes (XEP-0045 §7.2.2): those of the others before it.
        for stanza in sorted(stanzas, key=lambda one: muc.Status.SELF in muc.statuses_in(one)):
            self.replay(stanza)

    def replay(self, stanza: ET.Element) -> None:
        """Show a presence to the features."""
        for feature in self._account.features:
            if feature.presence(stanza):
                return

    def _presence(self, stanza: ET.Element) -> None:
        sender = convert.address_in(stanza)
        if sender is not None and self._account.life.management.state is not None:
            custody, own = self._account.custody, self._account.own
            kind = stanza.get("type", "")
            if not kind:
                custody.put_presence(own, sender, tostring(stanza))
            elif kind in ("unavailable", "error"):
                custody.drop_presence(own, sender)
        self.replay(stanza)

    def _iq(self, stanza: ET.Element) -> None:
        kind = stanza.get("type", "")
        if kind not in ("get", "set"):
            return
        payload = convert.payload(stanza)
        reply = convert.stanza("iq", convert.address_in(stanza), "result", stanza.get("id", ""))
        try:
            serve = self._account.iqs.get((kind, "" if payload is None else payload.tag))
            if serve is None:
                raise Unserved
            answer = serve(stanza)
            if answer is not None:
                reply.append(answer)
        except Unserved as refused:
            # RFC 6121 §8.5.1 and P-20: what we do not serve looks as if nobody were here.
            reply.set("type", "error")
            error = convert.add(reply, convert.CLIENT, "error", type=refused.kind)
            convert.add(error, convert.STANZAS, refused.condition)
        self._account.send(reply)


def _forget(entries: Sequence[_Entry]) -> None:
    """The stanzas come again, or are in an archive; who waits for a page has to ask for it again."""
    for entry in entries:
        if isinstance(entry.item, _Page) and not entry.item.done.done():
            entry.item.done.set_exception(Failed("The connection was lost; try again.", "offline"))


def _is_stanza(entry: _Entry) -> bool:
    return entry.item is None or isinstance(entry.item, ET.Element)


def _is_message(entry: _Entry) -> bool:
    return isinstance(entry.item, ET.Element) and entry.item.tag == _MESSAGE

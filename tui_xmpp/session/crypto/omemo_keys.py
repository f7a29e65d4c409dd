"""Our own OMEMO identity: made once, loaded when first needed, published, and kept fresh."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

from oldmemo import Oldmemo
from omemo.backend import Backend
from omemo.bundle import Bundle
from omemo.message import Message
from omemo.session_manager import SessionManager
from omemo.types import DeviceList
from twomemo import Twomemo

from ...core.address import Address
from ...core.security import Trust
from .. import convert
from ..feature import Context, Failed
from . import omemo_wire as wire
from .beside import EME
from .cipher import Later
from .omemo_desk import Desk, manager_at, run
from .omemo_names import NEW, OLD
from .omemo_reading import Read, read
from .omemo_sessions import OmemoSessions
from .omemo_store import OmemoStore

T = TypeVar("T")

_REFILL_AT = 25
"""One-time keys left when they are made anew: each time is 10 kB to publish."""
_ROTATION = 7 * 24 * 3600
"""Seconds that a signed key is in use (XEP-0384 §5.3.2: between a week and a month)."""
_NEVER = 100 * 365 * 24 * 3600
"""Seconds: the library is not to rotate by itself, outside of a transaction."""
_DUE = "omemo-due"
"""In the facts: what of ours is still to be published."""
_FORMER = "omemo-former"
"""In the facts: a device of ours that is still to be taken off the lists."""


class OmemoKeys:
    """Of one account. Everything the library does goes through `do`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = OmemoStore(context.facts, context.own)
        self._begin_anew()
        self._desk = Desk(str(context.own), self._store.is_known)
        self._backends: tuple[Backend, ...] = ()
        self._core: SessionManager | None = None
        self._publishing = asyncio.Lock()

    @property
    def device(self) -> int | None:
        """The id of this device; None: it has no keys yet."""
        return self._store.device()

    @property
    def former(self) -> int | None:
        """The id that this device had before the database was put back; None: nothing is left of it."""
        text = self._context.facts.get(_FORMER, str(self._context.own))
        return None if text is None else int(text)

    def former_removed(self) -> None:
        """The former device is on no list any more."""
        self._context.facts.delete(_FORMER, str(self._context.own))

    @property
    def desk(self) -> Desk:
        """What is given to the library with the next work."""
        return self._desk

    def do(
        self,
        work: Callable[[SessionManager], Coroutine[Any, Any, T]],
        *,
        sealing: bool = False,
        fetching: bool = True,
    ) -> T:
        """Have the library do some work to its end; what it notes is in the caller's transaction.

        `sealing`: new devices of ours are left out. `fetching` False: a device whose keys are not known is
        left out, where `Missing` would be raised. Raises what the work raises, and then it has noted nothing.
        """
        if self._core is None:
            if self.device is None:
                raise Later("This device has no keys of its own yet.")
            self._create()
        core = self._core
        assert core is not None
        self._desk.is_sealing, self._desk.is_fetching = sealing, fetching
        return self._step(lambda: run(work(core)))

    def read(self, element: ET.Element, namespace: str, sender: Address) -> Read:
        """Open a sealed element; raises `Missing` and what the library raises.

        Of its sender's other devices nothing has to be known.
        """
        own = self._context.own
        return self.do(lambda core: read(core, self._store, element, namespace, sender, own), fetching=False)

    async def set_up(self) -> None:
        """Make our keys where there are none, and publish them; raises `Failed`."""
        if self.device is None:
            own = self._context.own
            for namespace in (NEW, OLD):
                self._desk.lists[namespace, str(own)] = await wire.fetch_list(self._context, namespace, own)
            if self.device is None:
                self._create()
            self._desk.lists.clear()
        await self._publish()

    def keep_fresh(self) -> None:
        """Rotate the signed key when it is old."""
        if self.device is None:
            return
        for backend in self._loaded_backends():
            if run(backend.signed_pre_key_age()) > _ROTATION:

                def rotate(backend: Backend = backend) -> None:
                    run(backend.rotate_signed_pre_key())
                    self._desk.publish_bundles.add(backend.namespace)

                self._step(rotate)

    def catching_up(self) -> None:
        """What comes may be old: used keys are kept, and nobody is answered, until all is read."""
        if self._core is not None:
            self._core.before_history_sync()

    def caught_up(self) -> None:
        """What was missed has been read: used keys may go, and who waits for an answer gets it."""
        self.do(lambda core: core.after_history_sync())

    def is_session(self, owner: Address, device: int, namespace: str) -> bool:
        """Whether there is a session with a device."""
        for backend in self._loaded_backends():
            if backend.namespace == namespace:
                return run(backend.load_session(str(owner), device)) is not None
        return False

    def begin_session(self, owner: Address, bundle: Bundle) -> None:
        """Put a new session in the place of what there is, and tell the device by an empty message."""
        backend = next(one for one in self._loaded_backends() if one.namespace == bundle.namespace)
        device = self.device
        assert device is not None

        async def begin() -> None:
            content, plain = await backend.encrypt_empty()
            session, material = await backend.build_session_active(
                str(owner), bundle.device_id, bundle, plain
            )
            sessions = OmemoSessions(self._store, bundle.namespace, str(owner), bundle.device_id)
            await sessions.keep(await sessions.current())
            keys = frozenset({(material, session.key_exchange)})
            message = Message(backend.namespace, str(self._context.own), device, content, keys)
            self._desk.empties.append((message, str(owner)))
            await backend.store_session(session)

        self._step(lambda: run(begin()))

    def listed(self, owner: Address) -> tuple[tuple[int, frozenset[str]], ...]:
        """The devices on an account's lists now, each with the versions it has, whether its keys are known or
        not.
        """
        if self.device is None:
            return ()
        return run(self._store.listed(str(owner)))

    async def publish_due(self) -> None:
        """Publish what of ours has changed, keys before the list that names them; raises `Failed`.

        The newer version goes first: who saw the older list alone would write in the older.
        """
        # Two at once would both make the nodes.
        async with self._publishing:
            for what in sorted(self._due(), key=lambda one: (one.startswith("list"), not one.endswith(NEW))):
                await self._publish_one(what)
                self._note_due(self._due() - {what})

    async def _publish_one(self, what: str) -> None:
        kind, _, namespace = what.partition(" ")
        if kind == "keys":
            backend = next(one for one in self._loaded_backends() if one.namespace == namespace)
            device = self.device
            assert device is not None
            bundle = run(backend.get_bundle(str(self._context.own), device))
            await wire.publish_bundle(self._context, bundle)
        else:
            await wire.publish_list(self._context, namespace, await self._own_list(namespace))

    async def close(self) -> None:
        """End what the library does in the background."""
        if self._core is not None:
            await self._core.shutdown()

    # --- inside -------------------------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        with self._context.together(durable=True):
            former = self._store.begin_anew()
            if former is not None:
                self._context.facts.put(_FORMER, str(self._context.own), str(former))

    def _create(self) -> None:
        backends: list[Backend] = [Twomemo(self._store), Oldmemo(self._store)]
        made = manager_at(self._desk).create(
            backends,
            self._store,
            str(self._context.own),
            None,
            Trust.UNDECIDED.name,
            _NEVER,
            _REFILL_AT,
        )
        # Other devices of ours may be on the list, and their keys are nobody's business yet.
        self._desk.is_fetching = False
        self._core = self._step(lambda: run(made))
        self._backends = tuple(backends)

    def _loaded_backends(self) -> tuple[Backend, ...]:
        if self._core is None:
            self._create()
        return self._backends

    def _step(self, work: Callable[[], T]) -> T:
        desk = self._desk
        desk.publish_bundles.clear()
        desk.publish_lists.clear()
        desk.empties.clear()
        with self._context.together(durable=True):
            with self._store.step():
                result = work()
            due = {f"keys {one}" for one in desk.publish_bundles} | {
                f"list {one}" for one in desk.publish_lists
            }
            if due:
                self._note_due(self._due() | due)
                self._context.once_kept(lambda: self._context.spawn(self._publish()))
            for message, to in desk.empties:
                self._context.send(self._empty(message, Address.parse(to)))
        return result

    def _empty(self, message: Message, to: Address) -> Any:
        stanza = convert.stanza("message", to, "chat", self._context.new_id())
        stanza.append(wire.written(message))
        convert.add(stanza, EME, "encryption", namespace=message.namespace)
        convert.add(stanza, convert.HINTS, "store")
        return stanza

    async def _publish(self) -> None:
        try:
            await self.publish_due()
        except Failed:
            # What is due is on the disk: the next session publishes it.
            return

    async def _own_list(self, namespace: str) -> DeviceList:
        """Our list as the server has it, with this device on it."""
        context, device = self._context, self.device
        devices = dict(await wire.fetch_list(context, namespace, context.own))
        assert device is not None
        devices.setdefault(device, None)
        return devices

    def _due(self) -> set[str]:
        text = self._context.facts.get(_DUE, str(self._context.own)) or ""
        return set(filter(None, text.split("\n")))

    def _note_due(self, due: set[str]) -> None:
        self._context.facts.put(_DUE, str(self._context.own), "\n".join(sorted(due)))


def namespace_for(device_namespaces: frozenset[str]) -> str:
    """The version a device is written to in: the newest it has."""
    return NEW if NEW in device_namespaces else OLD

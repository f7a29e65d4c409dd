"""A link of the tests' own: a relay on loopback that is as slow, as thin and as treacherous as it is told."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress

from tests.link.records import Records
from tests.link.shape import MSS, Break, Counts, Fuse, Shape, Way

SMALL_BUFFER = 4096
"""Bytes that wait in the link's sockets when it is thin: the sender must feel how thin."""
QUEUE = 10
"""Packets from the server that wait in front of a thin line, each as it was sent (RFC 6928 §2: the first ten
come at once)."""


def reset(connection: socket.socket) -> None:
    """Close at once; the other side is told by RST, and what was on its way is lost."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Relayed:
    """One connection over the link."""

    def __init__(self, link: Link, client: socket.socket) -> None:
        self.began = time.monotonic()
        self.counts = Counts()
        self.broken: Break | None = None
        self._link = link
        self._client = client
        self._server: socket.socket | None = None
        self._fuse = link.take_fuse()
        self._passed = {Way.UP: 0, Way.DOWN: 0}
        self._flights = 0
        self._last: Way | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._is_over = False

    @property
    def alive(self) -> bool:
        """Whether bytes can still pass, or will once the connection counts."""
        return self.broken is None and not self._is_over

    def arm(self, fuse: Fuse) -> None:
        """Break here when the fuse says so; what passed already counts."""
        self._fuse = fuse

    async def run(self) -> None:
        """Relay until both sides are done or the connection is broken."""
        try:
            # A connection counts after SYN and SYN-ACK; until then nothing is taken from the client.
            await asyncio.sleep(2 * self._link.shape.delay)
            self._server = await _dial(self._link)
        except OSError:
            # Nobody is there: the nearest to a refused connection that can still be had.
            self.break_(Break.RESET)
            return
        if self.broken is not None:
            self._server.close()
            return
        pumps = (
            asyncio.create_task(self._pump(Way.UP, self._client, self._server)),
            asyncio.create_task(self._pump(Way.DOWN, self._server, self._client)),
        )
        self._tasks += pumps
        await asyncio.gather(*pumps, return_exceptions=True)
        if self.broken is None:
            self.close()

    def break_(self, how: Break) -> None:
        """End it in this way; harmless when it is over, or was broken silently before."""
        if self.broken is Break.RESET:
            return
        self.broken = how
        self._stop()
        later = asyncio.get_running_loop().call_soon
        if how is Break.RESET:
            later(reset, self._client)
        if how is not Break.HOLE and self._server is not None:
            later(reset, self._server)

    def close(self) -> None:
        """Let go of both sides, whatever state they are in."""
        self._is_over = True
        self._stop()
        later = asyncio.get_running_loop().call_soon
        later(self._client.close)
        if self._server is not None:
            later(self._server.close)

    def _stop(self) -> None:
        # A cancelled task takes its socket back from the event loop in the next round: only then may it be
        # closed, lest another socket gets its number meanwhile.
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    # --- one direction --------------------------------------------------------------------------------

    async def _pump(self, way: Way, source: socket.socket, sink: socket.socket) -> None:
        air: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.create_task(self._deliver(way, air, sink))
        self._tasks.append(delivering)
        waiting: asyncio.Queue[tuple[float, bytes]] | None = None
        if way is Way.DOWN and self._link.shape.rate:
            waiting = asyncio.Queue(QUEUE)
            self._tasks.append(asyncio.create_task(self._queue(source, waiting)))
        data = b"?"
        while data:
            if waiting is None:
                data = await self._packet(source)
                came = time.monotonic()
            else:
                came, data = await waiting.get()
            data, burnt = self._burn(way, data)
            if way is Way.UP and data:
                self._count(way, len(data))
            # Not to be read on before the line has taken this: so the sender feels the rate.
            gone = await self._link.serialise(way, len(data), came)
            if data or not burnt:
                air.put_nowait((gone + self._link.shape.delay, data))
            if burnt:
                await air.join()
                self.break_(self._fuse.how if self._fuse is not None else Break.RESET)
                return
        await delivering

    async def _packet(self, source: socket.socket) -> bytes:
        """What one packet holds, as far as can be told; empty at the end."""
        # A reset is an end like any other: the other side is told when all before it has arrived.
        with suppress(ConnectionError):
            size = MSS if self._link.is_shaped else 65536
            return await asyncio.get_running_loop().sock_recv(source, size)
        return b""

    async def _queue(self, source: socket.socket, waiting: asyncio.Queue[tuple[float, bytes]]) -> None:
        """Take packets as they come, as long as there is room for them."""
        records = Records()
        while data := await self._packet(source):
            came = time.monotonic()
            for packet in records.cut(data):
                await waiting.put((came, packet))
        await waiting.put((time.monotonic(), b""))

    async def _deliver(self, way: Way, air: asyncio.Queue[tuple[float, bytes]], sink: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        data = b"?"
        while data:
            due, data = await air.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._link.gates[way].wait()
            if way is Way.DOWN and data:
                self._count(way, len(data))
            with suppress(OSError):
                if data:
                    await loop.sock_sendall(sink, data)
                else:
                    sink.shutdown(socket.SHUT_WR)
            air.task_done()

    def _count(self, way: Way, size: int) -> None:
        self.counts.count(way, size)
        self._link.counts.count(way, size)
        self._link.moved.set()

    def _burn(self, way: Way, data: bytes) -> tuple[bytes, bool]:
        """What of `data` may pass, and whether the fuse is burnt then."""
        if data and way is not self._last:
            self._flights += 1
            self._last = way
        fuse = self._fuse
        if fuse is None:
            return data, False
        if data and fuse.flight is not None and self._flights >= fuse.flight:
            return b"", True
        limit = fuse.up if way is Way.UP else fuse.down
        if limit is not None and self._passed[way] + len(data) >= limit:
            data = data[: max(0, limit - self._passed[way])]
            self._passed[way] = limit
            return data, True
        self._passed[way] += len(data)
        return data, False


class Link:
    """One path from a client to a server; every connection made to `port` goes over it."""

    def __init__(self, upstream: int, shape: Shape | None = None) -> None:
        """`upstream` is the server's port on loopback."""
        self.upstream = upstream
        self.port = 0
        self.shape = shape or Shape()
        self.source = "127.0.0.1"
        """The address from which the server sees new connections come."""
        self.counts = Counts()
        """Of all connections together."""
        self.connections: list[Relayed] = []
        """All there ever were, oldest first."""
        self.gates = {way: asyncio.Event() for way in Way}
        self.moved = asyncio.Event()
        """Set whenever bytes pass or a connection is made."""
        self._free = dict.fromkeys(Way, 0.0)
        self._fuses: list[Fuse] = []
        self._swallow = False
        self._plugs: list[socket.socket] = []
        """What fills the kernel's queue while nobody may answer."""
        self._listener: socket.socket | None = None
        self._running: set[asyncio.Task[None]] = set()
        for gate in self.gates.values():
            gate.set()

    async def __aenter__(self) -> Link:
        self.accept()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for one in self.connections:
            one.close()
        # The sockets are closed one round later.
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    @property
    def is_shaped(self) -> bool:
        """Whether it is longer or thinner than loopback."""
        return bool(self.shape.delay or self.shape.rate or self.shape.up_rate)

    @property
    def alive(self) -> list[Relayed]:
        """Connections over which bytes can pass now."""
        return [one for one in self.connections if one.alive]

    # --- faults ---------------------------------------------------------------------------------------

    def cut(self, how: Break = Break.RESET) -> int:
        """Break every connection; returns how many. New ones are taken."""
        broken = self.alive
        for one in broken:
            one.break_(how)
        return len(broken)

    def arm(self, *fuses: Fuse) -> None:
        """Give each of the next connections one of these fuses, in order."""
        self._fuses += fuses

    def take_fuse(self) -> Fuse | None:
        """The fuse of the next connection."""
        return self._fuses.pop(0) if self._fuses else None

    def hold(self, way: Way) -> None:
        """Keep everything in this direction on the link until `release`; nothing is lost."""
        self.gates[way].clear()

    def release(self) -> None:
        """Let what was held pass."""
        for gate in self.gates.values():
            gate.set()

    def go_dark(self) -> None:
        """No packet passes, neither of old connections nor of new ones, and nobody is told."""
        self.cut(Break.HOLE)
        self._swallow = True

    def vanish(self, how: Break = Break.HOLE) -> None:
        """Break every connection; until `accept` nobody answers, not even a SYN: there is no way."""
        self.cut(how)
        assert self._listener is not None
        asyncio.get_running_loop().remove_reader(self._listener)
        # A kernel whose queue is full throws a SYN away.
        self._listener.listen(0)
        for _ in range(2):
            plug = socket.socket()
            plug.setblocking(False)
            with suppress(BlockingIOError):
                plug.connect(("127.0.0.1", self.port))
            self._plugs.append(plug)

    def _unplug(self) -> None:
        if self._listener is None or not self._plugs:
            return
        self._listener.listen(16)
        with suppress(BlockingIOError):
            while True:
                self._listener.accept()[0].close()
        for plug in self._plugs:
            plug.close()
        self._plugs.clear()
        asyncio.get_running_loop().add_reader(self._listener, self._take, self._listener)

    def refuse(self) -> None:
        """Refuse new connections; living ones stay."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def accept(self) -> None:
        """Take new connections, always on the same port; also ends a dark time."""
        self._swallow = False
        self._unplug()
        if self._listener is not None:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.is_shaped:
            # Taken over by the connections accepted from it.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, MSS)
        if self.shape.rate:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(16)
        listener.setblocking(False)
        self.port = int(listener.getsockname()[1])
        self._listener = listener
        asyncio.get_running_loop().add_reader(listener, self._take, listener)

    def change(self, shape: Shape) -> None:
        """Make it another link; connections that are there keep their buffers."""
        self.shape = shape
        if self._listener is not None:
            swallow = self._swallow
            self.refuse()
            self.accept()
            self._swallow = swallow

    async def cut_at_random(
        self,
        rng: random.Random,
        times: int,
        *,
        pause: tuple[float, float],
        ways: Sequence[Break] = tuple(Break),
        absence: float = 0.5,
    ) -> int:
        """Break whatever is alive `times` times, `pause` seconds apart (from, to); returns how many were cut.

        For up to `absence` seconds after each nobody can connect.
        """
        done = 0
        while done < times:
            await asyncio.sleep(rng.uniform(*pause))
            done += bool(self.cut(rng.choice(ways)))
            self.refuse()
            await asyncio.sleep(rng.uniform(0, absence))
            self.accept()
        return done

    # --- the path -------------------------------------------------------------------------------------

    async def serialise(self, way: Way, size: int, came: float) -> float:
        """Return when the shared line has taken so many bytes; it never rests while any wait."""
        rate = self.shape.bits_a_second(way)
        if not rate or not size:
            return time.monotonic()
        taken = self._free[way] = max(came, self._free[way]) + size * 8 / rate
        await asyncio.sleep(taken - time.monotonic())
        return taken

    def _take(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one = Relayed(self, client)
        self.connections.append(one)
        self.moved.set()
        if self._swallow:
            one.broken = Break.HOLE
            return
        task = asyncio.create_task(one.run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)


async def _dial(link: Link) -> socket.socket:
    server = socket.socket()
    server.setblocking(False)
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if link.shape.rate:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    try:
        server.bind((link.source, 0))
        await asyncio.get_running_loop().sock_connect(server, ("127.0.0.1", link.upstream))
    except BaseException:
        server.close()
        raise
    return server

"""The link does what the loss tests rely on, at exactly the byte they say."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.link.proxy import Link
from tests.link.records import Records
from tests.link.shape import Break, Fuse, Shape, Way

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
SHORT = 0.15


class Far:
    """A server that keeps what it gets and says what it is told to."""

    def __init__(self) -> None:
        self.port = 0
        self.came: asyncio.Queue[Streams] = asyncio.Queue()

    async def next(self) -> Streams:
        return await asyncio.wait_for(self.came.get(), 5)


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    far = Far()
    writers: list[asyncio.StreamWriter] = []

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        far.came.put_nowait((reader, writer))

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    far.port = server.sockets[0].getsockname()[1]
    yield far
    for writer in writers:
        writer.transport.abort()
    server.close()
    await server.wait_closed()


Dial = Callable[[Link], Awaitable[Streams]]


@pytest.fixture
async def dial() -> AsyncIterator[Dial]:
    opened: list[asyncio.StreamWriter] = []

    async def connect(link: Link) -> Streams:
        streams = await asyncio.open_connection("127.0.0.1", link.port)
        opened.append(streams[1])
        return streams

    yield connect
    for writer in opened:
        writer.transport.abort()
    await asyncio.sleep(0)


async def silent(reader: asyncio.StreamReader) -> bool:
    """Whether nothing comes, not even the end."""
    try:
        await asyncio.wait_for(reader.read(1), SHORT)
    except TimeoutError:
        return True
    return False


async def test_bytes_pass_both_ways_and_are_counted(far: Far, dial: Dial) -> None:
    async with Link(far.port) as link:
        near_in, near_out = await dial(link)
        far_in, far_out = await far.next()
        for _ in range(3):
            near_out.write(b"question")
            assert await far_in.readexactly(8) == b"question"
            far_out.write(b"answer")
            assert await near_in.readexactly(6) == b"answer"
        near_out.write(b"x" * 3000)
        await far_in.readexactly(3000)
        counts = link.connections[0].counts
        assert (counts.up, counts.down, counts.turnarounds, counts.flights) == (3024, 18, 3, 7)
        assert link.counts.up == 3024
        near_out.close()
        assert await far_in.read() == b""
        far_out.close()
        assert await near_in.read() == b""


async def test_the_delay_is_felt_in_each_direction_and_at_the_beginning(far: Far, dial: Dial) -> None:
    async with Link(far.port, Shape(delay=0.1)) as link:
        began = time.monotonic()
        near_in, near_out = await dial(link)
        near_out.write(b"q")
        far_in, far_out = await far.next()
        assert 0.19 < time.monotonic() - began < 0.29
        await far_in.readexactly(1)
        assert 0.29 < time.monotonic() - began < 0.39
        far_out.write(b"a")
        await near_in.readexactly(1)
        assert 0.39 < time.monotonic() - began < 0.55


async def test_the_rate_is_kept_and_the_sender_feels_it(far: Far, dial: Dial) -> None:
    async with Link(far.port, Shape(rate=160_000)) as link:
        _, near_out = await dial(link)
        near_out.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        near_out.transport.set_write_buffer_limits(high=0)
        far_in, _ = await far.next()
        began = time.monotonic()
        near_out.write(b"x" * 20_000)
        await near_out.drain()
        # A second's worth; what the buffers on the way hold has not been sent yet.
        assert time.monotonic() - began > 0.2
        await far_in.readexactly(20_000)
        assert 0.9 < time.monotonic() - began < 1.5


async def test_a_packet_down_does_not_wait_for_the_next(far: Far, dial: Dial) -> None:
    async with Link(far.port, Shape(rate=9600)) as link:
        near_in, _ = await dial(link)
        _, far_out = await far.next()
        began = time.monotonic()
        for size in (600, 120, 960):
            far_out.write(b"x" * size)
            assert await silent(near_in)
        await near_in.readexactly(720)
        assert 0.55 < time.monotonic() - began < 0.9


@pytest.mark.parametrize("size", [1, 4, 7, 100])
def test_a_stream_is_cut_where_records_end(size: int) -> None:
    whole = [b"<proceed/>", b"\x16\x03\x03\x00\x03abc", b"\x17\x03\x03\x00\x01x", b"\x17\x03\x03\x00\x02yz"]
    records = Records()
    assert list(records.cut(whole[0])) == [whole[0]]
    stream = b"".join(whole[1:])
    reads = [stream[:6], *(stream[at : at + size] for at in range(6, len(stream), size))]
    pieces = [piece for read in reads for piece in records.cut(read)]
    assert b"".join(pieces) == stream
    ends = {len(b"".join(pieces[:number])) for number in range(len(pieces) + 1)}
    assert ends >= {8, 14, 21}


async def test_up_can_be_thinner_than_down(far: Far, dial: Dial) -> None:
    async with Link(far.port, Shape(rate=8_000_000, up_rate=80_000)) as link:
        near_in, near_out = await dial(link)
        far_in, far_out = await far.next()
        began = time.monotonic()
        far_out.write(b"x" * 3000)
        await near_in.readexactly(3000)
        assert time.monotonic() - began < 0.2
        began = time.monotonic()
        near_out.write(b"x" * 3000)
        await far_in.readexactly(3000)
        assert 0.25 < time.monotonic() - began < 0.6


async def test_a_cut_resets_both_sides(far: Far, dial: Dial) -> None:
    async with Link(far.port) as link:
        near_in, _ = await dial(link)
        far_in, _ = await far.next()
        assert link.cut() == 1
        for side in (near_in, far_in):
            with pytest.raises(ConnectionResetError):
                await side.read(1)
        assert link.cut() == 0
        await dial(link)
        await far.next()


async def test_a_hole_tells_nobody_and_new_connections_work(far: Far, dial: Dial) -> None:
    async with Link(far.port) as link:
        near_in, near_out = await dial(link)
        far_in, far_out = await far.next()
        link.cut(Break.HOLE)
        near_out.write(b"lost")
        far_out.write(b"lost")
        assert await silent(near_in) and await silent(far_in)
        _, again = await dial(link)
        far_again, _ = await far.next()
        again.write(b"new")
        assert await far_again.readexactly(3) == b"new"


async def test_a_half_open_connection_is_closed_for_the_server_only(far: Far, dial: Dial) -> None:
    async with Link(far.port) as link:
        near_in, _ = await dial(link)
        far_in, _ = await far.next()
        link.cut(Break.HALF_OPEN)
        with pytest.raises(ConnectionResetError):
            await far_in.read(1)
        assert await silent(near_in)


async def test_in_the_dark_new_connections_are_lost_too(far: Far, dial: Dial) -> None:
    async with Link(far.port) as link:
        link.go_dark()
        near_in, near_out = await dial(link)
        near_out.write(b"lost")
        assert await silent(near_in)
        assert far.came.empty()
        link.accept()
        await dial(link)
        await far.next()


async def test_where_there_is_no_way_a_connection_stands_only_when_there_is_one(far: Far, dial: Dial) -> None:
    async with Link(far.port) as link:
        near_in, _ = await dial(link)
        link.vanish()
        dialling = asyncio.ensure_future(dial(link))
        assert await silent(near_in)
        assert not dialling.done()
        assert far.came.qsize() == 1
        link.accept()
        # The kernel repeats its SYN after a second (RFC 6298 §2.1).
        await asyncio.wait_for(dialling, 3)
        assert len(link.connections) == 2


async def test_who_is_refused_is_told_and_the_living_stay(far: Far, dial: Dial) -> None:
    async with Link(far.port) as link:
        _, near_out = await dial(link)
        far_in, _ = await far.next()
        link.refuse()
        with pytest.raises(ConnectionRefusedError):
            await dial(link)
        near_out.write(b"still here")
        assert await far_in.readexactly(10) == b"still here"
        port = link.port
        link.accept()
        assert link.port == port
        await dial(link)


@pytest.mark.parametrize("how", list(Break))
async def test_a_fuse_burns_after_exactly_so_many_bytes(far: Far, dial: Dial, how: Break) -> None:
    async with Link(far.port) as link:
        link.arm(Fuse(how, up=1000))
        _, near_out = await dial(link)
        far_in, _ = await far.next()
        near_out.write(b"x" * 999)
        await far_in.readexactly(999)
        assert link.alive
        near_out.write(b"y" * 500)
        assert await far_in.readexactly(1) == b"y"
        if how is Break.HOLE:
            assert await silent(far_in)
        else:
            with pytest.raises(ConnectionResetError):
                await far_in.read(1)
        assert not link.alive
        # The next connection has no fuse.
        await dial(link)
        assert link.alive


async def test_a_fuse_counts_flights(far: Far, dial: Dial) -> None:
    async with Link(far.port) as link:
        link.arm(Fuse(flight=4))
        near_in, near_out = await dial(link)
        far_in, far_out = await far.next()
        near_out.write(b"one")
        await far_in.readexactly(3)
        far_out.write(b"two")
        await near_in.readexactly(3)
        near_out.write(b"three")
        await far_in.readexactly(5)
        far_out.write(b"four")
        with pytest.raises(ConnectionResetError):
            await near_in.read(1)


async def test_what_is_held_passes_when_released_and_not_before(far: Far, dial: Dial) -> None:
    async with Link(far.port) as link:
        near_in, near_out = await dial(link)
        far_in, far_out = await far.next()
        link.hold(Way.DOWN)
        near_out.write(b"up")
        assert await far_in.readexactly(2) == b"up"
        far_out.write(b"down")
        assert await silent(near_in)
        link.release()
        assert await near_in.readexactly(4) == b"down"


async def test_a_random_schedule_is_the_same_for_the_same_seed(far: Far, dial: Dial) -> None:
    hows: list[list[Break | None]] = []
    for _ in range(2):
        async with Link(far.port) as link:

            async def keep_coming(link: Link = link) -> None:
                while True:
                    link.moved.clear()
                    if not link.alive:
                        try:
                            await dial(link)
                        except OSError:
                            await asyncio.sleep(0.01)
                            continue
                    await asyncio.sleep(0.01)

            coming = asyncio.create_task(keep_coming())
            cuts = await link.cut_at_random(random.Random(7), 6, pause=(0.03, 0.06), absence=0.02)
            coming.cancel()
            assert cuts == 6
            hows.append([one.broken for one in link.connections][:6])
    assert hows[0] == hows[1]
    assert len(set(hows[0])) > 1

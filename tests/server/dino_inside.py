"""Run inside namespaces of its own: a network that leads to one server, a display, a session bus, and dino.

Called with a folder, that holds the socket of the server and the authority to trust, and with what dino is to
open. It says that it is there, runs each command line that comes on its standard input as JSON, answers with
its exit status, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

SOCKET, AUTHORITY = "server", "authority.pem"
CERTIFICATES = Path("/etc/ssl/certs")
"""Where GnuTLS finds the authorities that the system trusts, in one file (Debian)."""
SOCKETS = Path("/tmp/.X11-unix")
"""Where displays listen."""
DISPLAY = ":0"
_PORT = 5222
"""Of a domain without SRV records (RFC 6120 §3.2.2)."""
_SIOCSIFFLAGS, _IFF_UP, _IFF_RUNNING = 0x8914, 0x1, 0x40


def raise_loopback() -> None:
    """Let the only interface in here carry something (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP | _IFF_RUNNING))


def trust_only(authority: Path) -> None:
    """Put one authority in the place of all that the system trusts, as seen in here."""
    subprocess.run(["mount", "-t", "tmpfs", "none", str(CERTIFICATES)], check=True)
    (CERTIFICATES / "ca-certificates.crt").write_bytes(authority.read_bytes())


def start_display() -> str:
    """Start a display that nobody else sees, and return its name once it is there."""
    SOCKETS.mkdir(mode=0o1777, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", str(SOCKETS)], check=True)
    ours, theirs = os.pipe()
    # Its locks would be where everybody's are, with process numbers that mean nothing there.
    argv = ["Xvfb", DISPLAY, "-nolock", "-displayfd", str(theirs), "-nolisten", "tcp"]
    subprocess.Popen(argv, pass_fds=(theirs,), stdout=sys.stderr)
    os.close(theirs)
    with os.fdopen(ours) as told:
        told.readline()
    return DISPLAY


def serve(opened: str) -> None:
    """Start dino on a display with a session bus of its own, and do what is asked until nobody can ask."""
    os.environ["DISPLAY"] = start_display()
    argv = ["dbus-run-session", "--", "dino-im", *([opened] if opened else [])]
    subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    print("there", flush=True)
    for asked in sys.stdin:
        ran = subprocess.run(json.loads(asked), stdin=subprocess.DEVNULL, stdout=sys.stderr)
        print(ran.returncode, flush=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    other_reader: asyncio.StreamReader,
    other_writer: asyncio.StreamWriter,
) -> None:
    """Hand on between two connections until both have ended."""
    await asyncio.gather(_carry(reader, other_writer), _carry(other_reader, writer))


async def main(folder: Path, opened: str) -> None:
    """Serve until standard input ends."""
    raise_loopback()
    trust_only(folder / AUTHORITY)

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await join(reader, writer, *await asyncio.open_unix_connection(folder / SOCKET))

    await asyncio.start_server(lead, "127.0.0.1", _PORT)
    await asyncio.to_thread(serve, opened)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))

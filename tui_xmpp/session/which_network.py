"""Which network this computer is on: named by its way out, so that what was learnt there is found again."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from pathlib import Path

from ..core.ports import KeyValue

_SPACE, _SALT = "network", "salt"
_PROC = Path("/proc/net")
_NOBODY = "00:00:00:00:00:00"


def keys(facts: KeyValue, proc: Path = _PROC) -> tuple[str, ...]:
    """Return names for the network, the surest first; none where the system does not tell, or there is none.

    They are hashes, so that what is kept does not say where one has been.
    """
    found = _ways(proc)
    if not found:
        return ()
    salt = facts.get(_SPACE, _SALT)
    if salt is None:
        salt = secrets.token_hex(16)
        facts.put(_SPACE, _SALT, salt)
    return tuple(hashlib.sha256(f"{salt} {one}".encode()).hexdigest()[:32] for one in found)


def _ways(proc: Path) -> tuple[str, ...]:
    with contextlib.suppress(OSError, ValueError, IndexError):
        four = _first(proc / "route")
        if four is not None:
            interface, gateway = four
            # Most networks at home have one of three gateways: its hardware tells them apart, once it spoke.
            hardware = _hardware(proc, gateway)
            return (f"{interface} {hardware}",) * bool(hardware) + (f"{interface} {gateway}",)
    with contextlib.suppress(OSError, ValueError, IndexError):
        return _first_of_six(proc / "ipv6_route")
    return ()


def _first(table: Path) -> tuple[str, str] | None:
    """Interface and gateway of the default route that is used (proc_net(5)); None: there is none."""
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    default = [row for row in rows if row[1] == row[7] == "00000000"]
    if not default:
        return None
    used = min(default, key=lambda row: int(row[6]))
    octets = bytes.fromhex(used[2])[::-1]
    return used[0], ".".join(map(str, octets))


def _hardware(proc: Path, gateway: str) -> str:
    for line in (proc / "arp").read_text().splitlines()[1:]:
        row = line.split()
        if row[0] == gateway and row[3] != _NOBODY:
            return row[3]
    return ""


def _first_of_six(table: Path) -> tuple[str, ...]:
    rows = [line.split() for line in table.read_text().splitlines()]
    default = [row for row in rows if row[0].strip("0") == "" and row[1] == "00" and row[-1] != "lo"]
    if not default:
        return ()
    used = min(default, key=lambda row: int(row[5], 16))
    return (f"{used[-1]} {used[4]}",)

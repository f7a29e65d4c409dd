"""The vault: secrets come back for the passphrase only, and no file can make it do harm."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tui_xmpp.core.ports import VaultError, WrongPassphrase
from tui_xmpp.storage import vault_file, whole_file
from tui_xmpp.storage.vault_file import Cost, VaultFile, unfit

CHEAP = Cost(memory=19 * 1024, passes=2, lanes=1)
WORDS = "four words of nonsense"


@pytest.fixture
def file(tmp_path: Path) -> VaultFile:
    return VaultFile(tmp_path / "vault", CHEAP)


def test_what_is_kept_comes_back_for_the_passphrase_only(file: VaultFile) -> None:
    assert not file.exists
    made = file.create(WORDS)
    made.put("password ava@example.org", "canary")
    made.put("token ava@example.org", "other")
    assert file.open(WORDS).get("password ava@example.org") == "canary"
    with pytest.raises(WrongPassphrase, match="Try again"):
        file.open(WORDS + " ")
    made.put("password ava@example.org", None)
    again = file.open(WORDS)
    assert again.names == ["token ava@example.org"]
    assert again.get("password ava@example.org") is None
    assert "other" not in repr(again)


def test_nothing_of_it_can_be_read_in_the_file_and_its_length_tells_little(file: VaultFile) -> None:
    made = file.create(WORDS)
    empty = file.path.read_bytes()
    made.put("password ava@example.org", "canary")
    kept = file.path.read_bytes()
    assert b"canary" not in kept and b"ava" not in kept
    assert len(kept) == len(empty)
    # A nonce is of one writing.
    made.save()
    assert file.path.read_bytes() != kept
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_one_passphrase_written_in_two_ways_is_one(file: VaultFile) -> None:
    file.create("pässwörter aus vier")
    assert file.open("pa\u0308sswo\u0308rter aus vier").names == []


def test_another_passphrase_takes_the_place_of_the_first(file: VaultFile) -> None:
    made = file.create(WORDS)
    made.put("a", "canary")
    salt = json.loads(file.path.read_bytes().partition(b"\n")[0])["salt"]
    made.change("something else")
    made.put("b", "more")
    assert json.loads(file.path.read_bytes().partition(b"\n")[0])["salt"] != salt
    with pytest.raises(WrongPassphrase):
        file.open(WORDS)
    assert file.open("something else").names == ["a", "b"]


def test_a_vault_is_never_made_over_another(file: VaultFile) -> None:
    file.create(WORDS).put("a", "canary")
    with pytest.raises(VaultError, match="already"):
        file.create("something else")
    assert file.open(WORDS).get("a") == "canary"


def test_a_link_is_refused(file: VaultFile, tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="no vault yet"):
        file.open(WORDS)
    made = file.create(WORDS)
    elsewhere = tmp_path / "elsewhere"
    file.path.rename(elsewhere)
    file.path.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    with pytest.raises(VaultError, match="is a link"):
        file.open(WORDS)
    with pytest.raises(VaultError, match="is a link"):
        made.put("a", "canary")
    assert elsewhere.read_bytes() == before


def test_a_pipe_in_its_place_holds_nobody_up(file: VaultFile) -> None:
    os.mkfifo(file.path)
    with pytest.raises(VaultError, match="not a vault"):
        file.open(WORDS)


HOSTILE = (
    {"memory": 64 * 1024 * 1024},
    {"memory": 8},
    {"memory": True},
    {"memory": 65536.0},
    {"passes": 1_000_000},
    {"passes": 1},
    {"lanes": 100_000},
    {"lanes": 0},
    {"salt": ""},
    {"salt": "00" * 4096},
    {"salt": 7},
    {"kind": "something"},
    {"version": "1"},
    {"cipher": "none"},
    {"kdf": "md5"},
)


@pytest.mark.parametrize("change", HOSTILE, ids=str)
def test_a_hostile_header_is_refused_before_a_key_is_made(
    file: VaultFile, change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.create(WORDS)
    line, _, rest = file.path.read_bytes().partition(b"\n")
    file.path.write_bytes(json.dumps(json.loads(line) | change).encode() + b"\n" + rest)

    def never(passphrase: str, header: object) -> bytes:
        raise AssertionError("a key was made")

    monkeypatch.setattr(vault_file, "_key", never)
    with pytest.raises(VaultError, match="damaged"):
        file.open(WORDS)


def test_a_huge_claim_takes_no_memory(file: VaultFile) -> None:
    file.create(WORDS)
    line, _, rest = file.path.read_bytes().partition(b"\n")
    file.path.write_bytes(json.dumps(json.loads(line) | {"memory": 8 * 1024 * 1024}).encode() + b"\n" + rest)
    script = (
        "import re, sys\nfrom pathlib import Path\n"
        "from tui_xmpp.core.ports import VaultError\nfrom tui_xmpp.storage.vault_file import VaultFile\n"
        # The most a process ever had begins with what its parent had (proc(5), clear_refs).
        "Path('/proc/self/clear_refs').write_text('5')\n"
        "try: VaultFile(Path(sys.argv[1])).open('four words of nonsense')\n"
        "except VaultError: print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
    )
    limit = 2 << 30
    done = subprocess.run(
        [sys.executable, "-c", script, file.path],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert int(done.stdout) < 200 * 1024, done.stderr


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{}\n" + b"x" * 100,
        b"[" * 900 + b"\n" + b"x" * 100,
        b"x" * 5000,
        b"{}",
        b"7\n" + b"x" * 99,
    ],
)
def test_what_is_no_vault_is_a_sentence_and_stays(file: VaultFile, content: bytes) -> None:
    file.path.write_bytes(content)
    with pytest.raises(VaultError, match="damaged"):
        file.open(WORDS)
    assert file.path.read_bytes() == content


def test_every_changed_byte_is_noticed(file: VaultFile) -> None:
    file.create(WORDS).put("a", "canary")
    whole = file.path.read_bytes()
    start = whole.index(b"\n") + 1
    for place in (start, start + 12, len(whole) - 1, whole.index(b'"passes": 2') + 10):
        spoilt = bytearray(whole)
        spoilt[place] ^= 1
        file.path.write_bytes(spoilt)
        with pytest.raises(VaultError):
            file.open(WORDS)
    for end in (start, start + 5, start + 20, len(whole) - 1):
        file.path.write_bytes(whole[:end])
        with pytest.raises(VaultError):
            file.open(WORDS)


def test_a_newer_vault_asks_for_the_newer_program(file: VaultFile) -> None:
    file.create(WORDS)
    line, _, rest = file.path.read_bytes().partition(b"\n")
    file.path.write_bytes(json.dumps(json.loads(line) | {"version": 2}).encode() + b"\n" + rest)
    with pytest.raises(VaultError, match="newer"):
        file.open(WORDS)


def test_a_file_that_cannot_be_written_stays_as_it_was(
    file: VaultFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = file.create(WORDS)
    made.put("a", "canary")
    before = file.path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(whole_file.os, "fsync", full)
        with pytest.raises(VaultError, match="no space left"):
            made.put("b", "new")
        with pytest.raises(VaultError, match="no space left"):
            made.change("something else")
    assert file.path.read_bytes() == before
    assert [one.name for one in file.path.parent.iterdir() if one.name.startswith(".vault")] == []
    assert made.names == ["a"]
    made.put("c", "later")
    assert file.open(WORDS).names == ["a", "c"]


def test_a_short_passphrase_is_not_taken() -> None:
    assert "8 characters" in unfit("short")
    assert unfit(WORDS) == ""


def test_the_shipped_cost_is_what_the_rfc_recommends() -> None:
    # RFC 9106 §4: t=3 iterations, p=4 lanes, m=2^16 (64 MiB of RAM), 128-bit salt, 256-bit tag.
    assert Cost() == Cost(memory=2**16, passes=3, lanes=4)


KILLED = """
import os, signal, sys
from pathlib import Path
from tui_xmpp.storage.vault_file import VaultFile

path, at = Path(sys.argv[1]), int(sys.argv[2])
opened = VaultFile(path).open("four words of nonsense")
left = at

def hook(event, args):
    global left
    if event.startswith(("open", "os.")) and str(path.parent) in repr(args):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
opened.put("b", "new")
print(at - left)
"""


def test_killed_at_any_point_the_old_or_the_new_is_there_whole(file: VaultFile) -> None:
    file.create(WORDS).put("a", "canary")
    before = file.path.read_bytes()

    def run(at: int) -> str:
        file.path.write_bytes(before)
        command = [sys.executable, "-c", KILLED, str(file.path), str(at)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, -9), done.stderr
        return done.stdout.strip()

    last = int(run(10**6))
    assert last >= 3
    found = []
    for at in range(1, last + 1):
        assert run(at) == ""
        found.append(file.open(WORDS).names)
        file.tidy()
        assert [one.name for one in file.path.parent.iterdir() if one.is_file()] == ["vault"]
    assert found[0] == ["a"]
    assert found[-1] == ["a", "b"]
    assert all(one in (["a"], ["a", "b"]) for one in found)

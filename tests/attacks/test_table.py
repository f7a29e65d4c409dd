"""No attack case gets lost: each has tests that carry its id, in their name or over their file."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

import tests

CASES = {
    "N-01": "STARTTLS is stripped, with each SASL mechanism",
    "N-02": "features with only bind; a header without a version",
    "N-03": "stanzas before TLS, glued behind proceed, and before authentication",
    "N-04": "see-other-host before TLS, after it, and after authentication",
    "N-05": "success without the server's proof, at once, or with a wrong one",
    "N-06": "fewer mechanisms than last time; PLAIN after SCRAM has failed",
    "N-07": "one round of SCRAM, two thousand million, or a nonce that is not ours",
    "N-08": "a certificate for another name, self-signed or expired",
    "N-10": "a session resumed in clear",
    "N-12": "another address bound than was asked for",
    "N-15": "a reset at each step of a sign-in; a storm of reconnects",
    "P-01": "carbons of a stranger, of the domain, of another own resource",
    "P-03": "a roster push of a stranger",
    "P-05": "archive results of the wrong address, of no query, after the end",
    "P-06": "PEP events of a stranger or an occupant: bookmarks, read state, devices",
    "P-09": "a correction by another contact, or under a nick that changed hands",
    "P-10": "a correction in clear of a sealed text",
    "P-12": "a retraction by somebody who may not",
    "P-16": "groupchat messages of a room not joined, and of a user",
    "P-17": "nicks that look like another's, or break what shows them",
    "P-19": "thousands of subscription requests with long texts",
    "P-20": "a stranger asks for version, time, last activity, features, commands, streams",
    "P-21": "a thousand invitations; one that claims to come through a room",
    "P-22": "a flood of presence with new capabilities each",
    "P-23": "addresses that look like another's",
    "X-01": "a huge body, a huge attribute in small pieces, a stanza without an end",
    "X-02": "elements nested 500, 5,000, 200,000 deep",
    "X-03": "a DTD, an entity bomb",
    "X-06": "100,000 random stanzas in random pieces",
    "X-07": "NUL, ESC and lone surrogates in what is sent",
    "T-01": "control sequences from every source in every place",
    "T-02": "the same under a seal",
    "T-03": "markup that runs actions",
    "T-04": "markup that crashes, and again after a restart",
    "T-05": "a line of a megabyte, 100,000 line ends, 10,000 messages in a second",
    "T-07": "bidi controls in a nick, a file name, a link",
    "T-09": "pastes with line ends, commands, the end of a paste, five megabytes",
    "T-10": "desktop notifications with markup, options, controls, a thousand a second",
    "F-01": "file names that lead elsewhere",
    "F-03": "an upload slot with headers that are not its business",
    "F-04": "redirects of a PUT; of a GET to files and private addresses",
    "F-07": "a sealed file that was cut or changed",
    "E-01": "no devices, broken lists, no bundle, silence, where OMEMO is on",
    "E-02": "plaintext in an encrypted chat",
    "E-03": "a new device of a contact, or of our own account",
    "E-05": "a device list of somebody else; of 20,000 devices",
    "E-06": "fifty sent and received at once",
    "E-07": "replays, live, by carbon and out of the archive; reordered; a thousand skipped",
    "E-09": "anything beside the seal",
    "E-11": "a kill at any moment while sending and receiving",
    "E-12": "a second instance; an old database put back",
    "G-01": "a good signature by another key; expired, revoked",
    "G-02": "signed-only or literal text offered as sealed",
    "G-03": "sealed content for somebody else, too old, or sent again",
    "L-01": "a keyring that is none, plain, or locked for ever",
    "L-02": "files that others can read; a data directory that is a link",
    "L-03": "a password looked for wherever it must not be",
    "L-05": "the same in the debug log of a whole session",
    "L-11": "odd words in a search; a spoilt archive, a newer one, a full disk",
}
"""Each case and its attack. One that is given up is taken out here, and the commit says why."""

ON_REAL_SERVERS = ["P-01", "P-06", "P-16", "P-17", "P-19", "P-20", "P-21", "E-03", "E-06", "E-07", "L-05"]
"""What a server might do otherwise than a script of ours."""

_IN_NAME = re.compile(r"(?<=_)([a-z])(\d\d)(?=_| |$)")
_IN_TEXT = re.compile(r"\b([A-Z])-(\d\d)\b")
_TESTS = Path(tests.__file__).parent


@pytest.fixture(scope="module")
def carried() -> dict[str, set[Path]]:
    """The files that carry an id; one without tests in it, or of the bench, does not count."""
    found: dict[str, set[Path]] = defaultdict(set)
    for file in _TESTS.rglob("test_*.py"):
        if file.is_relative_to(_TESTS / "bench") or file == Path(__file__):
            continue
        tree = ast.parse(file.read_text())
        functions = [one for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        names = [one.name for one in functions if one.name.startswith("test_")]
        for family, number in _IN_NAME.findall(" ".join(names)):
            found[f"{family.upper()}-{number}"].add(file)
        for family, number in _IN_TEXT.findall((ast.get_docstring(tree) or "") if names else ""):
            found[f"{family}-{number}"].add(file)
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_case_has_tests(case: str, carried: dict[str, set[Path]]) -> None:
    assert carried[case], f"no test carries {case}: {CASES[case]}"


@pytest.mark.parametrize("case", ON_REAL_SERVERS)
def test_a_case_is_tried_on_a_real_server(case: str, carried: dict[str, set[Path]]) -> None:
    assert any("pytest.mark.server" in file.read_text() for file in carried[case])


def test_a_test_carries_no_id_that_is_not_here(carried: dict[str, set[Path]]) -> None:
    assert set(carried) <= set(CASES)

"""What a message must be to be a file."""

from __future__ import annotations

import pytest

from tui_xmpp.core.attachment import attachment_in

KEY = "8c3d050e9386ec1738617878" + "0f" * 32
SEALED = f"aesgcm://files.example.org/4a77/tr%C3%A8s%20cool.jpg#{KEY}"


def test_a_sealed_file_is_an_address_with_its_key() -> None:
    found = attachment_in(SEALED)
    assert found is not None and found.is_sealed
    assert (found.name, found.url) == ("très cool.jpg", SEALED)


def test_a_thumbnail_may_follow_it() -> None:
    found = attachment_in(f"{SEALED}\ndata:image/jpeg,/9j/4AAQ")
    assert found is not None and found.url == SEALED


def test_a_file_in_clear_is_an_address_alone() -> None:
    found = attachment_in("https://files.example.org/a/plan.pdf\n")
    assert found is not None and not found.is_sealed and found.name == "plan.pdf"


@pytest.mark.parametrize(
    "body",
    [
        "look: https://files.example.org/a",
        "https://files.example.org/a b",
        "https://files.example.org/a\nand more",
        "http://files.example.org/a",
        "file:///etc/passwd",
        "aesgcm://files.example.org/a",
        f"aesgcm://files.example.org/a#{KEY[:-1]}",
        f"aesgcm://files.example.org/a#{KEY[:-1]}g",
        f"aesgcm://#{KEY}",
        f"{SEALED} and words",
        f"{SEALED}\nwords",
        f"{SEALED}\ndata:image/jpeg,AA\nwords",
        "https://" + "a" * 5000,
        "",
    ],
)
def test_all_else_is_text(body: str) -> None:
    assert attachment_in(body) is None

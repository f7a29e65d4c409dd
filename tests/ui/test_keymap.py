from __future__ import annotations

import pytest

from tui_xmpp.ui.keymap import (
    BINDINGS,
    Keymap,
    conflicts,
    keys_markdown,
    keys_text,
    normal,
    written,
)


def test_shipped_bindings_have_one_id_each_and_no_conflict() -> None:
    assert len({one.id for one in BINDINGS}) == len(BINDINGS)
    assert conflicts(BINDINGS) == ()
    for binding in BINDINGS:
        assert all(normal(key) == key for key in binding.keys), binding.id
        assert binding.help.endswith("."), binding.id


def test_no_single_letter_is_taken_where_people_write() -> None:
    for binding in BINDINGS:
        if binding.context in ("everywhere", "chat"):
            assert all(len(key) > 1 for key in binding.keys), binding.id


@pytest.mark.parametrize(
    ("key", "context", "id"),
    [
        ("alt+a", "chat", "next-important"),
        ("alt+3", "chat", "chat-3"),
        ("alt+0", "chat", "chat-10"),
        ("alt+shift+U", "chat", "read-all"),
        ("alt+U", "chat", "read-all"),
        ("alt+u", "chat", "unread"),
        ("alt+/", "chat", "back"),
        ("alt+slash", "chat", "back"),
        ("r", "selection", "reply"),
        ("G", "selection", "select-last"),
        ("+", "selection", "react"),
        (":", "selection", "react"),
        ("ctrl+q", "selection", "quit"),
        ("ctrl+p", "chat", "jump"),
        ("ctrl+p", "popup", "popup-up"),
    ],
)
def test_find(key: str, context: str, id: str) -> None:
    found = Keymap().find(key, context)  # type: ignore[arg-type]
    assert found is not None and found.id == id


def test_letters_mean_nothing_while_writing() -> None:
    assert Keymap().find("r", "chat") is None


@pytest.mark.parametrize(
    ("key", "id"), [("a", "next-important"), ("U", "read-all"), ("slash", "back"), ("k", "select")]
)
def test_alt_as_escape_and_a_key(key: str, id: str) -> None:
    found = Keymap().find(key, "chat", after_escape=True)
    assert found is not None and found.id == id


def test_written() -> None:
    assert [written(key) for key in ("alt+a", "ctrl+k", "f1", "plus", "alt+shift+u", "pageup", "G")] == [
        "Alt+a", "Ctrl+K", "F1", "+", "Alt+Shift+U", "PageUp", "G",
    ]  # fmt: skip


def test_the_user_changes_keys() -> None:
    keymap = Keymap({"jump": "f5, Ctrl+O", "bare": ""})
    assert keymap.errors == ()
    assert keymap.find("ctrl+k", "chat") is None
    found = keymap.find("ctrl+o", "chat")
    assert found is not None and found.id == "jump"
    assert keymap.keys_of("jump") == "F5"
    assert keymap.keys_of("bare") == ""
    assert keymap.find("alt+l", "chat") is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"jmup": "f5"}, "no such binding"),
        ({"jump": "alt+"}, "is no key"),
        ({"jump": "hyper+x"}, "is no key"),
        ({"jump": "banana"}, "is no key"),
        ({"jump": "f1"}, "already"),
        ({"quit": ""}, "needs a key"),
    ],
)
def test_wrong_changes_are_left_out_with_a_sentence(changes: dict[str, str], said: str) -> None:
    keymap = Keymap(changes)
    (error,) = keymap.errors
    assert said in error and next(iter(changes)) in error
    assert keymap.bindings == Keymap().bindings


def test_help() -> None:
    table = keys_markdown(BINDINGS)
    assert "| `Ctrl+K`, `Ctrl+P` | Go to a chat, a person or a room by name. | `/go` | `jump` |" in table
    assert table.count("###") == 5
    text = keys_text(BINDINGS, "selection")
    assert "With a message selected" in text and "Reply to it." in text and "Ctrl+Q" not in text


def test_the_ten_keys_for_chats_by_number_are_one_line() -> None:
    text = keys_text(BINDINGS, "everywhere")
    assert "Alt+1 … Alt+0" in text and "Alt+2" not in text
    assert "| `Alt+1` … `Alt+0` |" in keys_markdown(BINDINGS) and "`Alt+2`" not in keys_markdown(BINDINGS)
    changed = keys_text(Keymap({"chat-2": "f2"}).bindings, "everywhere")
    assert "F2" in changed and "Alt+3" in changed

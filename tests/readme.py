"""Writes the generated parts of the README, each from its one source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
RESULTS = Path(__file__).parent / "bench" / "results"


def keys() -> str:
    """Every binding, from the keymap."""
    from tui_xmpp.ui.keymap import BINDINGS, keys_markdown

    return keys_markdown(BINDINGS)


def commands() -> str:
    """Every slash command, from its table."""
    from tui_xmpp.core.slash_commands import GROUPS

    lines = []
    for title, group in GROUPS.items():
        lines += [f"**{title}**", "", "| command | what it does |", "|---|---|"]
        lines += [f"| `{one.usage.replace('|', chr(92) + '|')}` | {one.summary} |" for one in group]
        lines.append("")
    return "\n".join(lines).strip()


def xeps() -> str:
    """The protocols spoken, from the features' manifests and from what lies beneath them."""
    from tui_xmpp.session.features import ALL, BENEATH

    spoken: dict[str, set[str]] = {}
    for part, documents in BENEATH.items():
        for document in documents:
            spoken.setdefault(document, set()).add(part)
    for feature in ALL:
        for document in feature.XEPS:
            spoken.setdefault(document, set()).add(feature.__module__.rpartition(".")[2].replace("_", " "))
    parts = [f"{document} ({', '.join(sorted(names))})" for document, names in sorted(spoken.items())]
    return "Spoken: " + "; ".join(parts) + "."


def links() -> str:
    """The shipped link profiles, cell by cell."""
    from tui_xmpp.core.link_cells import table

    return table()


def figures() -> str:
    """The tables of every bench that has run; each result names the columns of its own table."""
    parts = []
    for path in sorted(RESULTS.glob("*.json")):
        result: dict[str, Any] = json.loads(path.read_text())
        if "table" not in result:
            continue
        machine = result["machine"]
        parts.append(f"**{result['title']}** ({machine['cores']} cores, Python {machine['python']}, "
                     f"textual {machine['textual']}, slixmpp {machine['slixmpp']})")  # fmt: skip
        head, *rows = result["table"]
        parts.append("")
        parts.append("| " + " | ".join(head) + " |")
        parts.append("|" + "---|" * len(head))
        parts += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
        parts.append("")
    return "\n".join(parts).strip()


SECTIONS = {"keys": keys, "commands": commands, "links": links, "xeps": xeps, "figures": figures}


def generated(text: str) -> str:
    """The README with every generated part made anew."""
    for name, make in SECTIONS.items():
        head, made, foot = f"<!-- {name}:", make(), f"<!-- /{name} -->"
        start, end = text.index("-->", text.index(head)) + 4, text.index(foot)
        text = f"{text[:start]}\n{made}\n\n{text[end:]}"
    return text


if __name__ == "__main__":
    README.write_text(generated(README.read_text()))

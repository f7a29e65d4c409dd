"""Full names of elements and attributes (Namespaces in XML 1.0), each made once and none that is too long."""

from __future__ import annotations

_XML, _XMLNS = "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"
_BEGINS_NO_NAME = frozenset("-.0123456789\u00b7\u203f\u2040" + "".join(map(chr, range(0x300, 0x370))))
"""What stands in names and begins none (XML 1.0 §2.3)."""


class NoName(Exception):
    """A name or a declaration that is none: a prefix nobody declared, two colons, an attribute twice."""


class TooLong(Exception):
    """A name with its namespace is longer than any honest one, or the names of a stanza are together."""


class Namespaces:
    """Which prefix stands for what in the open elements of one stream."""

    def __init__(self, name_chars: int, names_chars: int) -> None:
        """*name_chars*: of one full name; *names_chars*: of all different ones in one stanza."""
        self._name_chars, self._names_chars = name_chars, names_chars
        self._declared: list[dict[str, str]] = [{"xml": _XML}]
        """By prefix, "" without one: of each open element, behind what holds everywhere."""
        self._full: dict[tuple[str, str], str] = {}
        """Full names by namespace and local name: one text, however often it comes."""
        self._chars = 0
        """Of the full names that were kept."""
        self._new_chars = 0
        """Of those that this stanza has brought."""

    def open(self, name: str, attributes: dict[str, str]) -> tuple[str, dict[str, str]]:
        """Take a tag as it was written; returns its full name and its attributes by theirs.

        Raises `NoName` and `TooLong`.
        """
        declared = {}
        if any(key.startswith("xmlns") for key in attributes):
            declared = self._declarations(attributes)
            attributes = {key: text for key, text in attributes.items() if not _declares(key)}
        self._declared.append(declared)
        told = {self._name(key, is_attribute=True): text for key, text in attributes.items()}
        if len(told) != len(attributes):
            raise NoName
        return self._name(name), told

    def close(self, depth: int) -> None:
        """So many elements are still open."""
        del self._declared[depth + 1 :]

    def next(self) -> None:
        """A stanza is over."""
        self._new_chars = 0

    def _declarations(self, attributes: dict[str, str]) -> dict[str, str]:
        """Namespaces in XML 1.0 §3: what one tag declares."""
        found = {}
        for key, namespace in attributes.items():
            if not _declares(key):
                continue
            prefix = key[6:]
            if prefix == "xml" or namespace == _XML:
                if (prefix, namespace) != ("xml", _XML):
                    raise NoName
            elif prefix == "xmlns" or namespace == _XMLNS or (key != "xmlns" and not (prefix and namespace)):
                raise NoName
            if "{" in namespace or "}" in namespace:
                # It would be two names in one.
                raise TooLong
            found[prefix] = namespace
        return found

    def _name(self, name: str, *, is_attribute: bool = False) -> str:
        prefix, colon, local = name.partition(":")
        if not colon:
            if is_attribute:
                return name
            prefix, local = "", name
        elif not prefix or not local or ":" in local or local[0] in _BEGINS_NO_NAME:
            raise NoName
        namespace = self._namespace(prefix)
        if not namespace:
            if colon:
                raise NoName
            return name
        known = self._full.get((namespace, local))
        return self._made(namespace, local) if known is None else known

    def _namespace(self, prefix: str) -> str:
        for declared in reversed(self._declared):
            if prefix in declared:
                return declared[prefix]
        return ""

    def _made(self, namespace: str, local: str) -> str:
        size = len(namespace) + len(local)
        self._new_chars += size
        if size > self._name_chars or self._new_chars > self._names_chars:
            raise TooLong
        if self._chars + size > self._names_chars:
            self._full.clear()
            self._chars = 0
        self._chars += size
        full = self._full[namespace, local] = f"{{{namespace}}}{local}"
        return full


def _declares(key: str) -> bool:
    return key == "xmlns" or key.startswith("xmlns:")

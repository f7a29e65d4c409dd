"""Turns the text of the config file into settings, and says all that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from tui_xmpp.core.account import Account
from tui_xmpp.core.address import Address, AddressError
from tui_xmpp.core.link import PROFILES, LinkProfile
from tui_xmpp.core.network import proxy_fault, url_fault
from tui_xmpp.core.ports import ConfigError
from tui_xmpp.core.settings import Attention, Encryption, Files, Link, Privacy, Secrets, Settings, Ui
from tui_xmpp.core.terminal import AUTO
from tui_xmpp.core.terminal import PROFILES as TERMINALS

from .link_profiles import profiles_of
from .toml_lines import Where, find_lines

_TABLES: dict[str, type] = {
    "ui": Ui,
    "privacy": Privacy,
    "notify": Attention,
    "link": Link,
    "encryption": Encryption,
    "files": Files,
    "secrets": Secrets,
}
_NAMES = ("account", *_TABLES, "keys")
_ONE_OF: dict[tuple[str, str], tuple[str, ...]] = {
    ("ui", "sort"): ("activity", "name"),
    ("ui", "send_key"): ("enter", "alt+enter"),
    ("ui", "terminal"): (AUTO, *TERMINALS),
    ("secrets", "store"): ("auto", "keyring", "vault", "memory"),
    ("link", "auto"): ("suggest", "switch", "off"),
    ("notify", "terminal"): ("auto", "off", "9", "99", "777"),
    ("notify", "text"): ("none", "sender", "message"),
}
_RANGES: dict[tuple[str, str], tuple[int, int]] = {
    ("account", "port"): (0, 65535),
    ("ui", "text_width"): (20, 1000),
    ("link", "budget"): (0, 1_000_000),
}


def settings_of(text: str, file: Path) -> Settings:
    """The settings *text* holds; relative file names in it are relative to *file*.

    Raises `ConfigError` with a line for each thing that is wrong.
    """
    import tomllib

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: this is not TOML: {error}") from None
    check = _Check(file, find_lines(text))
    for name in values:
        if name not in _NAMES:
            check.wrong((name, 0, ""), f"unknown key {name}", nearest=(name, _NAMES))
    link = values.get("link", {})
    if isinstance(link, dict):
        # Before the accounts, which name them.
        link["profiles"] = check.profiles = profiles_of(link.get("profiles", {}), check.wrong)
    tables = {name: check.table(name, kind, values.get(name, {})) for name, kind in _TABLES.items()}
    settings = Settings(
        accounts=check.accounts(values.get("account", [])), keys=check.keys(values.get("keys", {})), **tables
    )
    if check.errors:
        raise ConfigError("\n".join(words for _, words in sorted(check.errors)))
    return settings


@dataclass(slots=True)
class _Check:
    file: Path
    lines: dict[Where, int]
    errors: list[tuple[int, str]] = field(default_factory=list)
    profiles: dict[str, LinkProfile] = field(default_factory=dict)
    """The user's own link profiles."""

    def wrong(self, where: Where, words: str, *, nearest: tuple[str, Iterable[str]] | None = None) -> None:
        table, number, _ = where
        line = (
            self.lines.get(where)
            or self.lines.get((table, number, ""))
            or self.lines.get((table, 0, ""))
            or 1
        )
        if nearest:
            close = get_close_matches(nearest[0], list(nearest[1]), 1, 0.0)
            words += f"; the nearest known one is {close[0]}" if close else ""
        self.errors.append((line, f"{self.file}, line {line}: {words}."))

    def accounts(self, found: object) -> tuple[Account, ...]:
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.wrong(("account", 0, ""), "write accounts as [[account]], with two brackets on each side")
            return ()
        accounts: list[Account] = []
        for number, values in enumerate(found):
            if "address" not in values:
                self.wrong(
                    ("account", number, ""), 'this account has no address; write address = "you@example.org"'
                )
            account = self.table("account", Account, values, number)
            if account is None:
                continue
            for key, fault in (
                ("url", url_fault(account.url, account.transport)),
                ("proxy", proxy_fault(account.proxy)),
            ):
                if fault:
                    self.wrong(("account", number, key), f"{key} {fault}")
            if any(one.address == account.address for one in accounts):
                self.wrong(("account", number, "address"), f"{account.address} is already configured above")
                continue
            accounts.append(account)
        return tuple(accounts)

    def keys(self, found: object) -> dict[str, str]:
        if not isinstance(found, dict):
            self.wrong(("keys", 0, ""), "keys must be a table: [keys]")
            return {}
        for key, value in found.items():
            if not isinstance(value, str):
                self.wrong(("keys", 0, key), f'{key} must be keys in quotes, like "ctrl+k,ctrl+p"')
        return {key: value for key, value in found.items() if isinstance(value, str)}

    def table(self, name: str, kind: type, found: object, number: int = 0) -> Any:
        """An instance of *kind*, or None when a key it cannot be without is missing."""
        if not isinstance(found, dict):
            self.wrong((name, number, ""), f"{name} must be a table: [{name}]")
            found = {}
        hints = get_type_hints(kind)
        values: dict[str, Any] = {}
        for key, value in found.items():
            where = (name, number, key)
            if key not in hints:
                self.wrong(where, f"unknown key {key}", nearest=(key, hints))
                continue
            try:
                values[key] = self._value(name, key, value, hints[key])
            except ValueError as error:
                self.wrong(where, str(error))
        if any(
            one.default is MISSING and one.default_factory is MISSING and one.name not in values
            for one in fields(kind)
        ):
            return None
        return kind(**values)

    def _value(self, table: str, key: str, value: object, hint: Any) -> Any:
        if hint is Address and isinstance(value, str):
            return _account_address(value)
        if (table, key) == ("link", "profiles"):
            return value
        converted: Any = value if type(value) is hint else _converted(key, value, hint)
        choice = _ONE_OF.get((table, key))
        if (table, key) == ("account", "link"):
            choice = (*PROFILES, *self.profiles)
        if choice and converted not in choice:
            raise ValueError(f"{key} must be {_one_of(choice)}")
        low, high = _RANGES.get((table, key), (None, None))
        if low is not None and high is not None and not low <= converted <= high:
            raise ValueError(f"{key} must be a whole number from {low} to {high}")
        if key == "openpgp_key" and converted:
            return _fingerprint(converted)
        if key == "gpg_home" and converted and not Path(converted).expanduser().is_dir():
            raise ValueError(f"gpg_home {converted} is not a folder")
        if key == "downloads" and not converted.startswith(("/", "~")) and converted:
            raise ValueError(f'downloads must be a whole path, like "~/Downloads", not "{converted}"')
        if key == "ca_file" and converted:
            return self._ca_file(Path(converted).expanduser())
        return converted

    def _ca_file(self, path: Path) -> str:
        path = self.file.parent / path
        if not path.is_file():
            raise ValueError(f"ca_file {path} does not exist")
        return str(path)


def _converted(key: str, value: object, hint: Any) -> Any:
    # Most configurations have none but plain values, and start sooner without it.
    import msgspec

    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError:
        raise ValueError(f"{key} must be {_expected(hint)}") from None


def _account_address(text: str) -> Address:
    try:
        address = Address.parse(text)
    except AddressError as error:
        raise ValueError(f"address is not an address: {str(error).rstrip('.')}") from None
    if not address.local:
        raise ValueError('address must have a name before the domain, like "you@example.org"')
    if not address.is_bare:
        raise ValueError("address must be without a resource; write that as resource = ")
    return address


def _fingerprint(text: str) -> str:
    fingerprint = "".join(text.split()).upper()
    if len(fingerprint) != 40 or not set(fingerprint) <= set("0123456789ABCDEF"):
        raise ValueError(
            "openpgp_key must be a whole fingerprint: the 40 digits that `gpg --list-keys` shows"
        )
    return fingerprint


def _expected(hint: Any) -> str:
    if get_origin(hint) is UnionType:
        hint = next(one for one in get_args(hint) if one is not type(None))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _one_of([str(one.value) for one in hint])
    if get_origin(hint) is tuple:
        return 'a list of texts, like ["one", "two"]'
    words: dict[Any, str] = {bool: "true or false", int: "a whole number"}
    return words.get(hint, "text in quotes")


def _one_of(choice: Iterable[str]) -> str:
    return "one of " + ", ".join(f'"{one}"' for one in choice)

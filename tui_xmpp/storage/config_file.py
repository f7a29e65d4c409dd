"""The config file: read and checked, and written so that comments and order stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_xmpp.core.account import Account
from tui_xmpp.core.address import Address, AddressError
from tui_xmpp.core.ports import ConfigError, StorageError
from tui_xmpp.core.settings import Settings

from .config_check import settings_of
from .whole_file import write_whole

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


class ConfigFile:
    """`core.ports.Configuration` on a TOML file."""

    def __init__(self, path: Path) -> None:
        """Use the file at *path*, which need not exist."""
        self._path = path

    def load(self) -> Settings:
        """As `Configuration.load`."""
        return settings_of(self._text(), self._path)

    def add_account(self, account: Account) -> Settings:
        """As `Configuration.add_account`; only what differs from the defaults is written.

        Raises `ConfigError` when the file or the account is not right, and `StorageError` when the file
        cannot be written; it stays as it was then.
        """

        def change(document: TOMLDocument) -> None:
            import tomlkit

            accounts = document.setdefault("account", tomlkit.aot())
            for table in accounts:
                if _same(table.get("address"), account.address):
                    break
            else:
                table = tomlkit.table()
                accounts.append(table)
            for key, value in _written(account).items():
                if value is None:
                    table.pop(key, None)
                elif not self._says(table.get(key), key, value):
                    table[key] = value

        return self._change(change)

    def set_value(self, table: str, key: str, value: str | bool | int) -> Settings:
        """As `Configuration.set_value`; raises as `add_account`."""

        def change(document: TOMLDocument) -> None:
            import tomlkit

            document.setdefault(table, tomlkit.table())[key] = value

        return self._change(change)

    def _says(self, known: object, key: str, value: object) -> bool:
        """The file says it already, perhaps in other words."""
        if key == "ca_file" and isinstance(known, str):
            return str(self._path.parent / Path(known).expanduser()) == value
        return type(known) is type(value) and known == value

    def _change(self, change: Callable[[TOMLDocument], None]) -> Settings:
        import tomlkit

        text = self._text()
        settings_of(text, self._path)
        document = tomlkit.parse(text)
        change(document)
        changed = tomlkit.dumps(document)
        settings = settings_of(changed, self._path)
        self._replace(changed)
        return settings

    def _text(self) -> str:
        try:
            return self._path.read_text("utf-8")
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError:
            raise ConfigError(f"{self._path} is not UTF-8. Save it as UTF-8.") from None
        except OSError as error:
            raise ConfigError(f"{self._path} cannot be read: {(error.strerror or '').lower()}.") from error

    def _replace(self, text: str) -> None:
        # A link, as people make it who keep their settings elsewhere, stays a link.
        target = self._path.resolve()
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(target, text.encode())
        except OSError as error:
            raise StorageError(
                f"{target} cannot be written: {(error.strerror or '').lower()}. Nothing in it was changed."
            ) from error


def _same(text: object, address: Address) -> bool:
    try:
        return isinstance(text, str) and Address.parse(text) == address
    except AddressError:
        return False


def _written(account: Account) -> dict[str, Any]:
    """Keys and TOML values; None for what is as it would be without the key."""
    written: dict[str, Any] = {}
    for one in fields(account):
        value = getattr(account, one.name)
        if one.default is not MISSING and value == one.default:
            written[one.name] = None
        elif isinstance(value, Address):
            written[one.name] = str(value)
        else:
            written[one.name] = value.value if isinstance(value, Enum) else value
    return written

"""Where the program keeps its files, and that nobody else can read them.

Guard G9, for promise 7: files and directories are the user's alone, whatever the umask, and no link leads
elsewhere (CWE-276, CWE-732, CWE-59). Core dumps are off before anything is read (`cli/surroundings.py`,
CWE-528), and only keyrings that encrypt are used (`keyring_access.py`, CWE-522).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from tui_xmpp.core.ports import StorageError
from tui_xmpp.core.value import value

_NAME = "tui-xmpp"
_PRIVATE_DIRECTORY = 0o700
_PRIVATE_FILE = 0o600
_OTHERS = 0o077
_OTHERS_WRITE = 0o022


@value
class Paths:
    """The directories of one instance."""

    config: Path
    data: Path
    cache: Path
    runtime: Path
    """For sockets and temporary files; gone after a restart of the machine."""

    @property
    def config_file(self) -> Path:
        """The settings."""
        return self.config / "config.toml"

    @property
    def database(self) -> Path:
        """Messages, caches and facts."""
        return self.data / "archive.db"

    @property
    def vault(self) -> Path:
        """Passwords and keys, encrypted."""
        return self.data / "vault"

    @property
    def lock(self) -> Path:
        """Held while an instance runs."""
        return self.data / "lock"


def locate(
    config: Path | None = None, data: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Paths:
    """The directories by the XDG Base Directory Specification, or those given; touches nothing.

    With *data* the cache is inside it and the runtime directory is its own, so that instances do not meet.
    Without a runtime directory of the system it is `run` in the data directory.
    """
    home = Path(environ.get("HOME") or Path.home())
    runtime_base = _absolute(environ, "XDG_RUNTIME_DIR")
    data_directory = data.absolute() if data else _base(environ, "XDG_DATA_HOME", home / ".local/share")
    if runtime_base is None or not runtime_base.is_dir():
        runtime = data_directory / "run"
    elif data:
        from hashlib import blake2s

        # A socket's path may have 107 bytes only, so the data directory is in it as a short sign.
        sign = blake2s(os.fsencode(data_directory.resolve()), digest_size=6).hexdigest()
        runtime = runtime_base / f"{_NAME}-{sign}"
    else:
        runtime = runtime_base / _NAME
    return Paths(
        config=config.absolute() if config else _base(environ, "XDG_CONFIG_HOME", home / ".config"),
        data=data_directory,
        cache=data_directory / "cache" if data else _base(environ, "XDG_CACHE_HOME", home / ".cache"),
        runtime=runtime,
    )


def secure(paths: Paths) -> None:
    """Make the directories, and see that only the user can enter them and read what is in them.

    Sets the process's umask to 077. What is too open is corrected. Raises `StorageError` where that
    cannot be done, where the data or runtime directory is a link, or where it is somebody else's.
    """
    os.umask(_OTHERS)
    try:
        for directory in (paths.data, paths.runtime, paths.cache):
            _secure_directory(directory)
        paths.config.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        _secure_files(paths.data)
        _secure_config(paths)
    except OSError as error:
        raise StorageError(
            f"{error.filename or paths.data}: {(error.strerror or str(error)).lower()}."
            " Check that the directory exists and belongs to you, or give another with --data or --config."
        ) from error


def _absolute(environ: Mapping[str, str], name: str) -> Path | None:
    # XDG Base Directory Specification: a relative path is invalid and is ignored.
    value = environ.get(name, "")
    return Path(value) if value.startswith("/") else None


def _base(environ: Mapping[str, str], name: str, default: Path) -> Path:
    return (_absolute(environ, name) or default) / _NAME


def _secure_directory(directory: Path) -> None:
    if directory.is_symlink():
        raise StorageError(f"{directory} is a link. Give the real directory with --data.")
    directory.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    found = directory.lstat()
    if found.st_uid != os.getuid():
        raise StorageError(f"{directory} belongs to somebody else. Give a directory of your own with --data.")
    if found.st_mode & _OTHERS:
        directory.chmod(_PRIVATE_DIRECTORY)
        if directory.lstat().st_mode & _OTHERS:
            raise StorageError(f"Others can enter {directory} and it cannot be closed to them. Move it.")


def _secure_files(directory: Path) -> None:
    for file in _files(directory):
        found = file.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise StorageError(f"{file} is a link. Put the file itself there, or remove the link.")
        if stat.S_ISREG(found.st_mode) and found.st_mode & _OTHERS:
            file.chmod(_PRIVATE_FILE)
            if file.lstat().st_mode & _OTHERS:
                raise StorageError(f"Others can read {file} and it cannot be closed to them. Move it.")


def _files(directory: Path) -> Iterable[Path]:
    return sorted(directory.iterdir())


def _secure_config(paths: Paths) -> None:
    # Who can write the settings can have a `password_command` run. A link is fine: it may lead elsewhere.
    for place, mode in ((paths.config, _PRIVATE_DIRECTORY), (paths.config_file, _PRIVATE_FILE)):
        try:
            if place.stat().st_mode & _OTHERS:
                place.chmod(mode)
        except FileNotFoundError:
            continue
        except PermissionError:
            if place.stat().st_mode & _OTHERS_WRITE:
                raise StorageError(
                    f"Others can write {place}. Take that away from them: chmod go-w {place}"
                ) from None

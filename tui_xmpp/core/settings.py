"""Settings: everything the config file may say, with its defaults."""

from __future__ import annotations

from dataclasses import field

from .account import Account
from .chat import Notify
from .link import LinkProfile
from .security import Encrypt
from .value import value


@value
class Ui:
    """The `[ui]` table."""

    theme: str = ""
    """Theme name; empty: the terminal's own palette over SSH, else `quiet-dark`, on white `quiet-light`."""
    sort: str = "activity"
    """`activity` or `name`: the order of the chat list."""
    mouse: bool = True
    """Clicks and wheel; motion is never asked for."""
    ascii: bool = False
    """Delivery states and rules in plain ASCII."""
    time: str = "%H:%M"
    """strftime format of the time column."""
    send_key: str = "enter"
    """`enter`, or `alt+enter` where Enter makes a new line."""
    typing: bool = True
    """Show who is typing."""
    editor: str = ""
    """Command for a long message; empty: $VISUAL, $EDITOR, then `vi`."""
    text_width: int = 110
    """Widest text column, in cells."""
    lean: str = "metered"
    """The link profile that F9 goes to from `full`: the last other one that was used."""
    terminal: str = "auto"
    """`auto`, or the name of a terminal profile: `local`, `ssh`, `slow`, `reader`."""


@value
class Privacy:
    """The `[privacy]` table: what others hear about us."""

    send_receipts: bool = True
    """Answer requests for delivery receipts from people on the roster (XEP-0184)."""
    send_markers: bool = True
    """Tell people on the roster that their message was displayed (XEP-0333)."""
    send_typing: bool = True
    """Tell people on the roster that we type (XEP-0085)."""


@value
class Attention:
    """The `[notify]` table."""

    bell: bool = True
    """Ring, which tmux shows too (`monitor-bell`)."""
    terminal: str = "auto"
    """`auto`, `off`, or the OSC that has the terminal show a notification: `9`, `99`, `777`."""
    text: str = "sender"
    """What a notification says: `none`, `sender` or `message`."""
    command: str = ""
    """Run for a notification, without a shell; it finds the words in its environment."""
    status_file: str = ""
    """File that says how much waits; empty: none."""
    default: Notify = Notify.ALL
    """For one-to-one chats."""
    rooms: Notify = Notify.MENTIONS
    words: tuple[str, ...] = ()
    """Words that count as a mention in rooms, besides the nick."""


@value
class Link:
    """The `[link]` table."""

    auto: str = "suggest"
    """`suggest` another profile when the link looks like it, `switch` to it, or `off`."""
    budget: int = 0
    """Megabytes (10⁶) a month, both ways, all accounts; 0: none."""
    profiles: dict[str, LinkProfile] = field(default_factory=dict)
    """The `[link.profiles.NAME]` tables: each `inherits` a shipped one and changes cells of it."""


@value
class Encryption:
    """The `[encryption]` table."""

    omemo: bool = True
    """Take part in OMEMO: publish keys, and read what is sealed for this device."""
    contacts: Encrypt = Encrypt.POSSIBLE
    """One-to-one chats without a choice of their own: `always`, `possible`, `ask`, `off`."""
    rooms: Encrypt = Encrypt.ASK
    """The same for rooms."""
    trust_messages: bool = True
    """Tell verified devices what was verified or distrusted here, and believe what they say (XEP-0450)."""
    gpg_binary: str = "gpg"
    """The program that does OpenPGP."""
    gpg_home: str = ""
    """Its home, with keys and agent; empty: the user's own, as gpg finds it."""


@value
class Files:
    """The `[files]` table."""

    downloads: str = ""
    """Where fetched files are put; empty: the desktop's place (`XDG_DOWNLOAD_DIR`), else `~/Downloads`."""


@value
class Secrets:
    """The `[secrets]` table."""

    store: str = "auto"
    """Where passwords and keys are kept: `keyring`, `vault` (an encrypted file of ours) or `memory`; `auto`:
    the keyring, where there is a safe one.
    """


@value
class Settings:
    """The whole configuration."""

    accounts: tuple[Account, ...] = ()
    """The `[[account]]` tables."""
    ui: Ui = field(default_factory=Ui)
    privacy: Privacy = field(default_factory=Privacy)
    notify: Attention = field(default_factory=Attention)
    link: Link = field(default_factory=Link)
    encryption: Encryption = field(default_factory=Encryption)
    files: Files = field(default_factory=Files)
    secrets: Secrets = field(default_factory=Secrets)
    keys: dict[str, str] = field(default_factory=dict)
    """The `[keys]` table: binding id → keys, comma-separated (`"jump" = "ctrl+k,ctrl+p"`)."""

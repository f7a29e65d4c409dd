"""Everything a front end may ask for: frozen values; `Engine.do` takes them."""

from __future__ import annotations

from .account import Account
from .address import Address
from .chat import ChatKey, Notify
from .contact import Show
from .settings import Link
from .value import value


class Refused(Exception):
    """A command that can never be done; the text is a sentence for the user, and nothing was changed."""


@value
class Command:
    """Something the user asked for."""


# --- accounts -------------------------------------------------------------------------------------


@value
class AddAccount(Command):
    """Write an account to the configuration and connect it."""

    account: Account
    password: str = ""
    remember: bool = False
    """Keep the password in the vault once the server has accepted it."""


@value
class Connect(Command):
    """Connect now: also ends a wait and a `REFUSED` state."""

    account: Address


@value
class Disconnect(Command):
    """Leave the server and stay offline."""

    account: Address


@value
class SignOut(Command):
    """Leave the server, end the session there, take the token back, forget the password.

    The account stays configured.
    """

    account: Address


@value
class SetPresence(Command):
    """Announce this; `account` None: on every account."""

    show: Show
    status: str = ""
    priority: int | None = None
    account: Address | None = None


@value
class SetClientState(Command):
    """Somebody looks at the program, or nobody does: what only passes by need not come meanwhile."""

    active: bool


@value
class UseLink(Command):
    """Spend as this link profile allows, from now on."""

    account: Address
    profile: str
    """A shipped or an own profile; refused where there is none of this name."""


@value
class SetLinkCell(Command):
    """Change one cell of the profile in use, until another profile is used."""

    account: Address
    cell: str
    """One of `core.link.CELLS`."""
    text: str
    """As the configuration would say it; empty: as the profile has it."""


@value
class UndoLink(Command):
    """Use the profile, with its cells, that was in use before the last change."""

    account: Address


@value
class ConfigureLink(Command):
    """The configuration's `[link]` table is this now, for every account; profiles in use stay as they are."""

    link: Link


@value
class Refresh(Command):
    """Ask the server now for what the link profile asks for on demand only: roster and messages missed."""

    account: Address


@value
class Answer(Command):
    """The answer to a `Question` event."""

    id: str
    yes: bool
    text: str = ""
    remember: bool = False


# --- roster ---------------------------------------------------------------------------------------


@value
class AddContact(Command):
    """Put somebody on the roster and ask to see their presence."""

    account: Address
    address: Address
    name: str = ""
    groups: tuple[str, ...] = ()
    text: str = ""
    """Said with the request."""


@value
class RemoveContact(Command):
    """Take somebody off the roster, with both subscriptions."""

    account: Address
    address: Address


@value
class RenameContact(Command):
    """Give a contact another name; empty: none."""

    account: Address
    address: Address
    name: str


@value
class SetGroups(Command):
    """Put a contact into exactly these groups."""

    account: Address
    address: Address
    groups: tuple[str, ...]


@value
class RequestSubscription(Command):
    """Ask to see somebody's presence (RFC 6121 §3.1)."""

    account: Address
    address: Address
    text: str = ""


@value
class ApproveSubscription(Command):
    """Let somebody see our presence; without a request: pre-approve (RFC 6121 §3.4)."""

    account: Address
    address: Address


@value
class RefuseSubscription(Command):
    """Refuse a request, or stop letting somebody see us (RFC 6121 §3.2)."""

    account: Address
    address: Address


@value
class CancelSubscription(Command):
    """Stop seeing somebody's presence (RFC 6121 §3.3)."""

    account: Address
    address: Address


# --- chats and messages ---------------------------------------------------------------------------


@value
class OpenChat(Command):
    """Show a chat in the list; makes one where there is none."""

    chat: ChatKey


@value
class CloseChat(Command):
    """Take a chat off the list; a room is left, the archive stays."""

    chat: ChatKey


@value
class SendMessage(Command):
    """Send text; it appears when its `MessageKept` says so."""

    chat: ChatKey
    body: str
    reply_to: int = 0
    """Row of the message answered; 0: none."""
    id: str = ""
    """Wanted message id; empty: one is made."""
    receipt: bool = False
    """Say when it is delivered, also where the link profile asks for that on demand only (XEP-0184)."""


@value
class CorrectMessage(Command):
    """Replace the text of an own message (XEP-0308)."""

    chat: ChatKey
    row: int
    body: str


@value
class RetractMessage(Command):
    """Ask everybody to forget an own message (XEP-0424)."""

    chat: ChatKey
    row: int


@value
class React(Command):
    """Make these our reactions to a message; empty takes them back (XEP-0444)."""

    chat: ChatKey
    row: int
    emojis: tuple[str, ...]


@value
class RetryMessage(Command):
    """Send a failed message again."""

    chat: ChatKey
    row: int


@value
class MarkRead(Command):
    """Everything up to this row was read; 0: everything."""

    chat: ChatKey
    row: int = 0


@value
class SendReceipt(Command):
    """Say now that what came here was received and read, whatever the link profile or the settings hold back.

    Refused to somebody who may not see our presence (XEP-0184 §8).
    """

    chat: ChatKey


@value
class MarkUnread(Command):
    """Everything from this row on is unread again."""

    chat: ChatKey
    row: int


@value
class SetTyping(Command):
    """We type, or stopped (XEP-0085); the link profile decides whether anybody hears of it."""

    chat: ChatKey
    composing: bool


@value
class SaveDraft(Command):
    """Keep the unsent text of a chat."""

    chat: ChatKey
    text: str


@value
class FillGap(Command):
    """Fetch from the server's archive what is missing at a gap."""

    chat: ChatKey
    gap: int


@value
class SetNotify(Command):
    """When this chat may ask for attention."""

    chat: ChatKey
    notify: Notify


@value
class SetPinned(Command):
    """Keep a chat at the top of the list, or not."""

    chat: ChatKey
    pinned: bool


# --- rooms ----------------------------------------------------------------------------------------


@value
class JoinRoom(Command):
    """Enter a room; `nick` empty: the bookmark's, else the account's."""

    account: Address
    room: Address
    nick: str = ""
    password: str = ""


@value
class LeaveRoom(Command):
    """Leave a room; the chat stays on the list."""

    chat: ChatKey
    text: str = ""


@value
class ChangeNick(Command):
    """Take another nick in a room."""

    chat: ChatKey
    nick: str


@value
class SetSubject(Command):
    """Change a room's subject."""

    chat: ChatKey
    subject: str


@value
class Invite(Command):
    """Invite somebody into a room (XEP-0249)."""

    chat: ChatKey
    address: Address
    text: str = ""


@value
class SetBookmark(Command):
    """Remember a room on the server, and whether to join it at sign-in (XEP-0402)."""

    chat: ChatKey
    autojoin: bool


@value
class RemoveBookmark(Command):
    """Forget a room's bookmark."""

    chat: ChatKey


def account_of(command: Command) -> Address | None:
    """Return the account a command is for; None: it does not say."""
    chat = getattr(command, "chat", None)
    if isinstance(chat, ChatKey):
        return chat.account
    account = getattr(command, "account", None)
    return account if isinstance(account, Address) else None

"""A contact as a card, and what can be changed about it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.text import Text

from tui_xmpp.core import commands as cmd
from tui_xmpp.core.chat import ChatKey
from tui_xmpp.core.contact import Contact, Show, Subscription
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.actions.face import Face, Kind

_SUBSCRIPTIONS = {
    Subscription.NONE: "Neither of you sees when the other is here.",
    Subscription.TO: "You see when they are here; they do not see you.",
    Subscription.FROM: "They see when you are here; you do not see them.",
    Subscription.BOTH: "You see each other's presence.",
    Subscription.REMOVE: "Not on your list any more.",
}
_SHOWS = {
    Show.CHAT: "wants to talk",
    Show.AVAILABLE: "here",
    Show.AWAY: "away",
    Show.XA: "away for long",
    Show.DND: "do not disturb",
    Show.OFFLINE: "offline",
}


def subscription_words(contact: Contact | None) -> str:
    """Return who sees whom, in a sentence."""
    if contact is None:
        return "Not on your list; /add puts them there."
    words = _SUBSCRIPTIONS[contact.subscription]
    if contact.ask:
        words += " You asked; they have not answered."
    if contact.approved and contact.subscription in (Subscription.NONE, Subscription.TO):
        words += " You allowed it beforehand."
    return words


class ContactCard(Kind):
    """Where somebody is, who sees whom, and what can be changed."""

    field = False
    hint = "n name  g groups  d take off   a allow  r refuse  s ask to see  c no longer see   Esc"

    def __init__(self, face: Face, chat: ChatKey) -> None:
        self._face = face
        self._chat = chat
        self.title = clean_line(f"{face.world.name_of(chat)}  {chat.address}")

    def keys(self, text: str) -> Sequence[Hashable]:
        """The card line by line."""
        world, chat = self._face.world, self._chat
        contact = world.contacts.get((chat.account, chat.address))
        lines = [subscription_words(contact)]
        if contact is not None and contact.groups:
            lines.append("Groups: " + ", ".join(clean_line(group, 40) for group in contact.groups))
        if len(world.accounts) > 1:
            lines.append(f"With your account {clean_line(str(chat.account))}")
        presences = world.presences.get((chat.account, chat.address), {})
        for one in sorted(presences.values(), key=lambda presence: -presence.priority):
            status = f" · {clean_line(one.status, 80)}" if one.status else ""
            lines.append(
                f"{clean_line(one.resource, 30)}: {_SHOWS[one.show]}{status} (priority {one.priority})"
            )
        if not presences:
            lines.append("No device of theirs is seen now.")
        return lines

    def draw(self, key: Hashable, width: int) -> Text:
        """Return one line."""
        text = Text(f" {key}", no_wrap=True)
        text.truncate(width, overflow="ellipsis")
        return text

    def stands(self, key: Hashable) -> bool:
        """There is nothing to choose."""
        return False

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Enter closes."""
        return True

    async def press(self, key: str, row: Hashable | None) -> bool:
        """Change who sees whom, the name or the groups, or take the contact off the list."""
        kinds: dict[str, type[cmd.ApproveSubscription | cmd.RefuseSubscription | cmd.CancelSubscription]] = {
            "a": cmd.ApproveSubscription,
            "r": cmd.RefuseSubscription,
            "c": cmd.CancelSubscription,
        }
        contact = self._face.world.contacts.get((self._chat.account, self._chat.address))
        if key in ("n", "g", "d"):
            if contact is None:
                self._face.say(subscription_words(None))
            else:
                await self._face.open(_FORMS[key](self._face, contact))
            return True
        if key in kinds:
            await self._face.do(kinds[key](self._chat.account, self._chat.address))
            return True
        if key == "s":
            await self._face.do(cmd.RequestSubscription(self._chat.account, self._chat.address))
            return True
        return False


class Rename(Kind):
    """Asks for another name of a contact."""

    placeholder = "no name: the address is shown"
    hint = "Enter keeps it   Esc leaves it as it was"

    def __init__(self, face: Face, contact: Contact) -> None:
        self._face = face
        self._contact = contact
        self.title = f"Name of {clean_line(str(contact.address))}"
        self.start = clean_line(contact.name)

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Give the name."""
        contact = self._contact
        return await self._face.do(cmd.RenameContact(contact.account, contact.address, text.strip()))


class Regroup(Kind):
    """Asks for the groups of a contact."""

    placeholder = "no group"
    hint = "commas between groups   Enter keeps them   Esc leaves them as they were"

    def __init__(self, face: Face, contact: Contact) -> None:
        self._face = face
        self._contact = contact
        self.title = f"Groups of {clean_line(contact.label)}"
        self.start = ", ".join(clean_line(group) for group in contact.groups)

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Put the contact into them."""
        contact = self._contact
        return await self._face.do(cmd.SetGroups(contact.account, contact.address, groups_in(text)))


class TakeOff(Kind):
    """Asks before a contact is taken off the list."""

    field = False
    hint = "y takes them off   n or Esc keeps them"

    def __init__(self, face: Face, contact: Contact) -> None:
        self._face = face
        self._contact = contact
        self.title = f"Take {clean_line(contact.label)} off your list?"

    def keys(self, text: str) -> Sequence[Hashable]:
        """What to know first."""
        return ("Neither of you will see when the other is here. What you wrote to each other stays.",)

    def draw(self, key: Hashable, width: int) -> Text:
        """Return the sentence."""
        return Text(f" {key}", no_wrap=True, overflow="ellipsis")

    def stands(self, key: Hashable) -> bool:
        """There is nothing to choose."""
        return False

    async def pick(self, key: Hashable | None, text: str) -> bool:
        """Enter alone decides nothing."""
        return False

    async def press(self, key: str, row: Hashable | None) -> bool:
        """`y` or `n`."""
        if key == "y":
            await self._face.do(cmd.RemoveContact(self._contact.account, self._contact.address))
        return key in ("y", "n")


_FORMS: dict[str, type[Rename] | type[Regroup] | type[TakeOff]] = {"n": Rename, "g": Regroup, "d": TakeOff}


def groups_in(text: str) -> tuple[str, ...]:
    """Return the groups that are written with commas between, each once."""
    names = [name.strip() for name in text.split(",")]
    return tuple(dict.fromkeys(name for name in names if name))

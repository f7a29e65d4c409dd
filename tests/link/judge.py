"""Whether everything that was sent arrived once, in order, and nothing was shown that is not so."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from itertools import pairwise

from tests.link.client import Client
from tui_xmpp.core.message import Delivery, Message


@dataclass(slots=True)
class Verdict:
    """Counted in messages."""

    sent: int = 0
    """Taken from the user."""
    lost: int = 0
    """Never in the receiver's archive."""
    doubled: int = 0
    """More than one in the archive of the receiver or of the sender; told as new more than once; or in the
    server's archive more than once, whatever the two made of it.
    """
    misordered: int = 0
    """Shown after one that was sent later."""
    falsely_sent: int = 0
    """Shown to the sender as taken, delivered or read, and never arrived."""

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(*(a + b for a, b in zip(asdict(self).values(), asdict(other).values(), strict=True)))

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.doubled or self.misordered or self.falsely_sent)


def judge(sender: Client, receiver: Client) -> Verdict:
    """Compare what `sender` took from its user with what `receiver` has; no two texts may be the same."""
    sent = sender.accepted()
    assert len(set(sent)) == len(sent)
    kept = [one.body for one in receiver.archive(sender) if not one.outgoing]
    copies = Counter(kept)
    own = Counter(one.body for one in sender.archive(receiver) if one.outgoing)
    told = Counter(
        one["body"] for one in receiver.messages_told(sender) if one["new"] and not one["outgoing"]
    )
    came, given_back = receiver.copies(sender), sender.copies(receiver)
    place = {text: number for number, text in enumerate(sent)}
    order = [place[text] for text in dict.fromkeys(kept) if text in place]
    return Verdict(
        sent=len(sent),
        lost=sum(not copies[text] for text in sent),
        doubled=sum(
            copies[text] > 1
            or told[text] > 1
            or own[text] > 1
            or len(came.get(text, ())) > 1
            or len(given_back.get(text, ())) > 1
            for text in sent
        ),
        misordered=sum(b < a for a, b in pairwise(order)),
        falsely_sent=sum(not copies[text] for text in shown_as_taken(sender, receiver)),
    )


def shown_as_taken(sender: Client, receiver: Client) -> set[str]:
    """The texts that the sender's user was ever shown as having reached the server."""
    told = {
        one["body"]
        for one in sender.messages_told(receiver)
        if one["outgoing"] and Delivery.TAKEN <= Delivery[one["delivery"]] <= Delivery.READ
    }
    return told | {one.body for one in sender.archive(receiver) if is_taken(one)}


def is_taken(message: Message) -> bool:
    """Whether an own message is shown as having reached the server."""
    return message.outgoing and Delivery.TAKEN <= message.delivery <= Delivery.READ

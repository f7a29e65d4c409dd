"""OpenPGP keys and what the user thinks of them, as text."""

from __future__ import annotations

from rich.text import Text

from tui_xmpp.core.address import Address
from tui_xmpp.core.openpgp import OpenPgpKey, PresenceSignature
from tui_xmpp.core.security import Method
from tui_xmpp.core.text import clean_line
from tui_xmpp.ui.render.look import Look
from tui_xmpp.ui.render.security import groups
from tui_xmpp.ui.render.wrap import fit

_STATE_CELLS = 22
_NAME_CHARS = 80


def key_state(key: OpenPgpKey, *, own: bool) -> tuple[str, str]:
    """Take a key and whether it is ours; return what is thought of it, and the theme's token for that."""
    if key.fault:
        return clean_line(key.fault, _STATE_CELLS), "error"
    if own and key.pinned:
        return "yours", "ok"
    if key.secret:
        return "not used", "text"
    if own:
        return "of another device", "dim"
    if not key.pinned:
        return "not accepted", "warn"
    legacy = " (legacy)" if key.pinned == (Method.PGP,) else ""
    return ("compared" if key.verified else "accepted") + legacy, "ok" if key.verified else "text"


def key_row(look: Look, key: OpenPgpKey, width: int, *, own: bool) -> Text:
    """Take a key, the cells there are and whether it is ours; return its state and first name."""
    state, token = key_state(key, own=own)
    name = (
        names_of(key)[0] if key.names else "fetched once you accept it" if not key.here else "without a name"
    )
    told = "" if key.announced or (key.secret and not key.pinned) else "not announced"
    row = Text(" ", no_wrap=True).append(fit(state, _STATE_CELLS) + " ", look.style(token))
    row.append(name, look.style("text"))
    row.append(f"  {told}" if told else "", look.style("dim"))
    row.truncate(width, overflow="ellipsis")
    return row


def key_dates(key: OpenPgpKey) -> str:
    """Take a key; return when it was made and when it ends, empty: not known."""
    if key.created is None:
        return ""
    end = f"ends {key.expires:%d %b %Y}" if key.expires else "does not end"
    return f"made {key.created:%d %b %Y}, {end}"


def names_of(key: OpenPgpKey) -> list[str]:
    """Take a key; return its user ids, cleaned: they are claims of whoever made it."""
    return [clean_line(name, _NAME_CHARS) for name in key.names]


def names_address(key: OpenPgpKey, owner: Address) -> bool:
    """Take a key and an address; return whether it says that it is for that (XEP-0373 §3.2)."""
    return f"xmpp:{owner}" in key.names


def presence_words(look: Look, signature: PresenceSignature) -> tuple[str, str]:
    """Take what a contact's presence is signed by; return a sentence, and the theme's token for it."""
    if signature.fault:
        return f"The signature of their presence proves nothing. {clean_line(signature.fault, 200)}", "warn"
    at = f", on {look.local(signature.at):%d %b %Y} {look.clock(signature.at)}" if signature.at else ""
    if signature.accepted:
        return f"Their presence is signed with the key that you have accepted{at}.", "text"
    key = clean_line(" ".join(groups(signature.signer)))
    return f"Their presence is signed with a key that you have not accepted{at}: {key}", "warn"


def key_words(key: OpenPgpKey) -> str:
    """Take a key; return it as it is named in a sentence."""
    return f"the key {clean_line(key.fingerprint[-16:])}"

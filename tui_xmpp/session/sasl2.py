"""One request that proves who we are and opens the session (XEP-0388, XEP-0386, XEP-0198 §8)."""

from __future__ import annotations

from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from tui_xmpp.core.value import value

from ..core.account import Account
from . import exchange, fast, gate
from .advertised import Advertised
from .failure import Violation
from .gate import Gate, Phase
from .opening import Resumption
from .sasl import Mechanism

CARBONS = "urn:xmpp:carbons:2"
_NAME = "tui-xmpp"
_ENABLED_BY = {
    CARBONS: f"<enable xmlns='{CARBONS}'/>",
    gate.RESUMPTION: f"<enable xmlns='{gate.RESUMPTION}' resume='true'/>",
}


@value
class Inlined:
    """What is asked for along with the proof."""

    binds: bool = False
    enabled: frozenset[str] = frozenset()
    """Namespaces the request to bind enables."""
    resumption: Resumption | None = None
    token: str = ""
    """The mechanism a token is asked for; empty: none is."""

    def offered_by(self, advertised: Advertised) -> bool:
        """Whether the server offers all of it."""
        return (
            (not self.binds or (advertised.bind2 is not None and self.enabled <= set(advertised.bind2)))
            and (self.resumption is None or advertised.resumes)
            and (not self.token or self.token in advertised.tokens)
        )


def inlined(
    advertised: Advertised,
    resumption: Resumption | None,
    *,
    has_archive: bool,
    token: str,
    without: frozenset[str] = frozenset(),
) -> Inlined:
    """Return what to ask for where *advertised* is offered; *token* names the mechanism to ask a token for.

    *without* are namespaces of what is not wanted.

    XEP-0386 §3.2 has the server "clear the offline messages for this user, if any, without sending them (as
    they will be provided by MAM)". So nothing is bound inline unless the account is known to have an archive.
    """
    archive = has_archive or any(one.startswith("urn:xmpp:mam:") for one in advertised.bind2 or ())
    binds = advertised.bind2 is not None and archive
    return Inlined(
        binds,
        frozenset(_ENABLED_BY).intersection(advertised.bind2 or ()) - without if binds else frozenset(),
        resumption if advertised.resumes else None,
        token,
    )


def authenticate(
    mechanism: Mechanism, account: Account, asked: Inlined, *, user_agent: str, token: str = ""
) -> str:
    """Return the request (XEP-0388 §2.3); *token* is what `fast.presented` says, where one is used."""
    inner = token
    if asked.token:
        inner += fast.request(asked.token)
    if asked.resumption is not None:
        inner += resume(asked.resumption)
    if asked.binds:
        # The server makes a resource of it; only the old way of binding takes one as it is.
        enabled = "".join(_ENABLED_BY[name] for name in sorted(asked.enabled))
        tag = escape(account.resource or _NAME)
        inner += f"<bind xmlns='{gate.BIND2}'><tag>{tag}</tag>{enabled}</bind>"
    # Who has a token has told before what program it is.
    agent = "/>" if token else f"><software>{_NAME}</software></user-agent>"
    return (
        f"<authenticate xmlns='{gate.SASL2}' mechanism='{mechanism.name}'>"
        f"<initial-response>{exchange.encoded(mechanism.first())}</initial-response>"
        f"<user-agent id='{user_agent}'{agent}{inner}</authenticate>"
    )


def resume(resumption: Resumption) -> str:
    """Return the request to go on with an old session (XEP-0198 §5)."""
    return f"<resume xmlns='{gate.RESUMPTION}' h='{resumption.handled}' previd={quoteattr(resumption.id)}/>"


def judge(gate_: Gate, mechanism: Mechanism, asked: Inlined, success: ET.Element) -> Phase:
    """Return how far a `<success/>` leads; raises Violation unless the server has proved itself in it.

    It says who we are, and nothing but what was asked for.
    """
    proof = success.find(f"{{{gate.SASL2}}}additional-data")
    mechanism.verify(None if proof is None else exchange.payload(proof))
    resumed, bound = success.find(gate.RESUMED), success.find(gate.BOUND)
    if resumed is not None:
        if asked.resumption is None or resumed.get("previd") != asked.resumption.id:
            raise Violation("The server went on with a session that is not yours. The link was cut.")
        gate_.own(identity(success), bound=False)
        return Phase.BOUND
    if bound is not None and not asked.binds:
        raise Violation(exchange.SKIPPED)
    gate_.own(identity(success), bound=bound is not None)
    return Phase.AUTHENTICATED if bound is None else Phase.BOUND


def identity(success: ET.Element) -> str:
    """Return who the server says we are, not checked yet."""
    return (success.findtext(f"{{{gate.SASL2}}}authorization-identifier") or "").strip()

"""The steps from a secure link to a bound session (RFC 6120 §6, §7)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from slixmpp.features.feature_bind.stanza import Bind
from slixmpp.stanza import StreamFeatures
from slixmpp.xmlstream import register_stanza_plugin

from ..core.account import Connection
from ..core.address import Address
from . import gate, sasl
from .failure import Violation
from .gate import Phase
from .sentences import of_bind_error, of_sasl_failure
from .stream import AUTHENTICATED, Stream

# The library looks a stream feature up by the stanza class registered for it.
register_stanza_plugin(StreamFeatures, Bind)

_BIND_ORDER = 10_000


async def sign_in(
    stream: Stream,
    password: str,
    *,
    tell: Callable[[Connection, str], None],
    timeout: float,
    accept_weaker: str = "",
) -> Address:
    """Authenticate, bind, start the session; return the bound address.

    *timeout* is in seconds for each answer of the server; *accept_weaker* names a mechanism the user agreed
    to although a better one was seen before. Raises Failure.
    """
    account = stream.account
    offer = _offer(await stream.begin(timeout))
    certificate = stream.certificate()
    end_point = (
        sasl.end_point(certificate) if certificate and sasl.END_POINT in (offer.binding_types or ()) else None
    )
    mechanism = sasl.choose(
        offer,
        remembered=sasl.remembered(stream.facts, str(account.address.bare)),
        allow_plain=account.allow_plain,
        accept_weaker=accept_weaker,
        can_bind=end_point is not None,
    )
    tell(Connection.AUTHENTICATING, "signing in")
    if mechanism == sasl.PLAIN:
        await _plain(stream, password, timeout)
    else:
        await _scram(stream, mechanism, password, offer, end_point, timeout)
    sasl.remember(stream.facts, str(account.address.bare), mechanism)
    stream.phase_gate.phase = Phase.AUTHENTICATED
    stream.authenticated = True
    stream.event(AUTHENTICATED)
    stream.start_queue()
    features = await stream.begin(timeout)
    tell(Connection.BINDING, "starting the session")
    return await _bind(stream, features, timeout)


def _offer(features: ET.Element) -> sasl.Offer:
    mechanisms = features.find(gate.MECHANISMS)
    types = features.find(gate.BINDING_TYPES)
    return sasl.Offer(
        tuple((one.text or "").strip() for one in (mechanisms if mechanisms is not None else ())),
        None if types is None else tuple(one.get("type", "") for one in types),
    )


async def _plain(stream: Stream, password: str, timeout: float) -> None:
    if not stream.secure:
        raise stream.fail(Violation("The password was about to be sent in clear. It was kept back."))
    _say(stream, "auth", sasl.plain(stream.account.address.local, password), sasl.PLAIN)
    answer = await stream.take(timeout)
    if answer.tag == gate.SASL_FAILURE:
        raise of_sasl_failure(answer)
    if answer.tag != gate.SUCCESS:
        raise stream.fail(Violation("The server skipped a step while signing in. The link was cut."))


async def _scram(
    stream: Stream, mechanism: str, password: str, offer: sasl.Offer, end_point: bytes | None, timeout: float
) -> None:
    scram = sasl.Scram(mechanism, stream.account.address.local, password, offer=offer, end_point=end_point)
    try:
        _say(stream, "auth", scram.first(), mechanism)
        answer = await stream.take(timeout)
        if answer.tag == gate.SASL_FAILURE:
            raise of_sasl_failure(answer)
        if answer.tag != gate.CHALLENGE:
            raise Violation("The server claimed success without proof. The link was cut.")
        _say(stream, "response", await scram.respond(_payload(answer)))
        answer = await stream.take(timeout)
        if answer.tag == gate.CHALLENGE:
            # RFC 6120 §6.3.10 lets a server send its proof apart from <success/>.
            scram.verify(_payload(answer))
            _say(stream, "response", b"")
            answer = await stream.take(timeout)
        if answer.tag == gate.SASL_FAILURE:
            raise of_sasl_failure(answer)
        if not scram.verified:
            scram.verify(_payload(answer))
    except Violation as violation:
        raise stream.fail(violation) from None


def _say(stream: Stream, name: str, payload: bytes, mechanism: str = "") -> None:
    chosen = f" mechanism='{mechanism}'" if mechanism else ""
    # RFC 6120 §6.4.2: an empty initial response is "="; later ones are an empty element.
    text = base64.b64encode(payload).decode() or ("=" if mechanism else "")
    stream.say(f"<{name} xmlns='{gate.SASL}'{chosen}>{text}</{name}>")


def _payload(element: ET.Element) -> bytes:
    try:
        return base64.b64decode((element.text or "").strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Violation("The server's answer while signing in makes no sense. The link was cut.") from None


async def _bind(stream: Stream, features: ET.Element, timeout: float) -> Address:
    bound: list[Address] = []

    async def request(_: StreamFeatures) -> bool:
        bound.append(await _request_resource(stream, timeout))
        session = features.find(f"{{{gate.SESSION}}}session")
        if session is not None and session.find(f"{{{gate.SESSION}}}optional") is None:
            await _ask(stream, f"<session xmlns='{gate.SESSION}'/>", timeout)
        stream.bind_to(bound[0])
        return False

    stream.register_feature("bind", request, restart=False, order=_BIND_ORDER)
    await stream._handle_stream_features(StreamFeatures(stream, features))
    if stream.lost.done():
        raise stream.lost.result()
    if not bound:
        raise stream.fail(Violation("The server did not let the session begin."))
    stream.start_session()
    return bound[0]


async def _request_resource(stream: Stream, timeout: float) -> Address:
    resource = stream.account.resource
    wanted = f"<resource>{escape(resource)}</resource>" if resource else ""
    answer = await _ask(stream, f"<bind xmlns='{gate.BIND}'>{wanted}</bind>", timeout)
    jid = answer.findtext(f"{{{gate.BIND}}}bind/{{{gate.BIND}}}jid")
    if jid is None:
        raise stream.fail(Violation("The server did not say under which address you are signed in."))
    return Address.parse(jid)


async def _ask(stream: Stream, request: str, timeout: float) -> ET.Element:
    id = stream.awaited_id = stream.new_id()
    stream.say(f"<iq type='set' id='{id}'>{request}</iq>")
    while True:
        answer = await stream.take(timeout)
        if answer.tag == gate.IQ and answer.get("id") == id:
            break
    if answer.get("type") == "error":
        raise of_bind_error(answer)
    return answer

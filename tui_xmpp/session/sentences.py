"""What the server's errors mean, as sentences that say what to do."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..core.text import clean_line
from .failure import Failure, Refused, WrongPassword
from .gate import SASL, STREAM_ERRORS

_MAX_CHARS = 200

_FINAL_STREAM_ERRORS = {
    "conflict": "Another program signed in under this name and took over. Connect again to take it back.",
    "host-gone": "The server no longer serves this address. Ask its operator.",
    "host-unknown": "The server does not know {domain}. Check the part of your address after the @.",
    "not-authorized": "The server ended the session: you are not allowed there. Connect to try again.",
    "unsupported-version": "The server does not speak XMPP 1.0.",
}
_STREAM_ERRORS = {
    "connection-timeout": "The server heard nothing for too long.",
    "internal-server-error": "The server had a fault.",
    "policy-violation": "The server's rules do not allow what was done.",
    "remote-connection-failed": "The server could not reach another server it needs.",
    "reset": "The server wants a new sign-in.",
    "resource-constraint": "The server is too busy.",
    "system-shutdown": "The server is shutting down.",
}
_SASL_ERRORS = {
    "account-disabled": "This account is disabled. Ask the server's operator.",
    "credentials-expired": "The password has expired. Change it on the server's site, then connect again.",
    "encryption-required": "The server wants encryption that it did not offer. Ask its operator.",
    "invalid-authzid": "The server does not accept this address. Check it.",
    "invalid-mechanism": "The server does not accept a way of signing in that it offered. Ask its operator.",
    "mechanism-too-weak": "The server wants another way of signing in. Ask its operator.",
    "malformed-request": "The server did not understand the sign-in. Ask its operator.",
    "incorrect-encoding": "The server did not understand the sign-in. Ask its operator.",
}
_BIND_ERRORS = {
    "conflict": "Another program uses this resource name. Choose another resource for this account.",
    "not-allowed": "The server does not let this account in. Ask its operator.",
}


def of_stream_error(error: ET.Element, domain: str, *, trusted: bool) -> Failure:
    """Return what a `<stream:error/>` means (RFC 6120 §4.9); an untrusted one is not final, nor quoted."""
    condition = _condition(error, STREAM_ERRORS)
    if not trusted:
        return Failure("The server ended the link before it was secure.", condition)
    text = _text(error, STREAM_ERRORS)
    final = _FINAL_STREAM_ERRORS.get(condition)
    if final:
        return Refused(final.format(domain=domain) + text, condition)
    return Failure(_STREAM_ERRORS.get(condition, "The server ended the link.") + text, condition)


def of_sasl_failure(failure: ET.Element) -> Failure:
    """Return what a SASL `<failure/>` means (RFC 6120 §6.5)."""
    condition = _condition(failure, SASL)
    text = _text(failure, SASL)
    if condition == "temporary-auth-failure":
        return Failure("The server cannot check passwords now." + text, condition)
    known = _SASL_ERRORS.get(condition)
    if known:
        return Refused(known + text, condition)
    return WrongPassword("The server did not accept the password. Type it again." + text, condition)


def of_bind_error(iq: ET.Element) -> Failure:
    """Return what the error to a request for a resource means (RFC 6120 §7.6.2, §7.7.2)."""
    stanza_errors = "urn:ietf:params:xml:ns:xmpp-stanzas"
    error = iq.find("{jabber:client}error")
    condition = _condition(error, stanza_errors) if error is not None else ""
    text = _text(error, stanza_errors) if error is not None else ""
    known = _BIND_ERRORS.get(condition)
    if known:
        return Refused(known + text, condition)
    return Failure("The server did not let the session begin." + text, condition)


def _condition(error: ET.Element, namespace: str) -> str:
    for child in error:
        if child.tag.startswith(f"{{{namespace}}}") and not child.tag.endswith("}text"):
            return clean_line(child.tag.rpartition("}")[2], 40)
    return ""


def _text(error: ET.Element, namespace: str) -> str:
    text = clean_line((error.findtext(f"{{{namespace}}}text") or "").strip(), _MAX_CHARS)
    return f" It says: {text}" if text else ""

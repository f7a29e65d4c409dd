"""The messages of a SASL exchange on their way to and fro (RFC 6120 §6.4, XEP-0388 §2.2)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from xml.etree import ElementTree as ET

from . import gate
from .failure import Failure, Refused, Violation
from .sasl import Mechanism
from .sentences import of_sasl_failure
from .stream import Stream

SKIPPED = "The server skipped a step while signing in. The link was cut."


def auth(mechanism: Mechanism) -> str:
    """Return the element that begins an exchange by RFC 6120."""
    # RFC 6120 §6.4.2: an empty initial response is "=".
    text = encoded(mechanism.first()) or "="
    return f"<auth xmlns='{gate.SASL}' mechanism='{mechanism.name}'>{text}</auth>"


async def prove(
    stream: Stream,
    mechanism: Mechanism,
    *,
    timeout: float,
    on_last: Callable[[], None] | None = None,
    refusal: Callable[[ET.Element], Failure] = of_sasl_failure,
) -> ET.Element:
    """Exchange what *mechanism* asks for, once it has begun; return `<success/>`, with its proof checked.

    *timeout* is in silent seconds for each answer; *on_last* is called when our proof has been said and only
    the verdict is left to come; *refusal* says what a `<failure/>` means. Raises Failure; on a Violation the
    stream has been cut.
    """
    namespace = stream.phase_gate.exchange
    challenged = False
    while True:
        answer = await stream.take(timeout)
        name = answer.tag.removeprefix(f"{{{namespace}}}")
        try:
            if name == "success":
                # By SASL2 the gate has asked for the proof before anything behind it was read.
                if namespace == gate.SASL:
                    mechanism.verify(payload(answer) if answer.text else None)
                return answer
            if name == "failure":
                raise refusal(answer)
            if name == "continue":
                raise Refused(
                    "The server asks for a second step to sign in, which this program does not know. "
                    "Set a password for programs on the server's site, and use that."
                )
            if name != "challenge":
                raise Violation(SKIPPED)
            if challenged:
                # RFC 6120 §6.3.10 lets a server send its proof apart from <success/>.
                mechanism.verify(payload(answer))
                stream.say(_response(namespace, b""))
                continue
            challenged = True
            stream.say(_response(namespace, await mechanism.respond(payload(answer))))
        except Violation as violation:
            raise stream.fail(violation) from None
        if on_last is not None:
            on_last()


def encoded(message: bytes) -> str:
    """Return a message of ours as text."""
    return base64.b64encode(message).decode()


def payload(element: ET.Element | None) -> bytes:
    """Return the message in *element*; raises Violation."""
    text = "" if element is None else (element.text or "").strip()
    try:
        # RFC 6120 §6.4.5: a server that has nothing to say may say "=".
        return b"" if text == "=" else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Violation("The server's answer while signing in makes no sense. The link was cut.") from None


def _response(namespace: str, message: bytes) -> str:
    return f"<response xmlns='{namespace}'>{encoded(message)}</response>"

"""The last step of a sign-in: to go on with an old session, or to bind a new one (RFC 6120 §7, XEP-0198)."""

from __future__ import annotations

from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from . import gate, sasl2
from .compression import OFFERED, Compression
from .exchange import SKIPPED
from .failure import Failure, Stale, Violation
from .opening import Opener, Resumption, SignedIn
from .sentences import of_bind_error
from .server_memory import ServerMemory
from .stream import Stream

MANAGED = f"{{{gate.RESUMPTION}}}sm"
SESSION = f"{{{gate.SESSION}}}session"
_NO_COUNT = "The server's count of what it has makes no sense."
_OPTIONAL = f"{{{gate.SESSION}}}optional"


class Entry:
    """The way into the session, once we have proved ourselves.

    *restarts* says that the stream begins anew before it (RFC 6120 §6.4.6). With *known*, the tags the server
    offered at the last sign-in, its features are not waited for. *compression* comes first, where there is
    any.
    """

    def __init__(
        self,
        stream: Stream,
        opener: Opener,
        memory: ServerMemory,
        *,
        restarts: bool,
        known: frozenset[str] | None,
        compression: Compression,
    ) -> None:
        self._stream = stream
        self._opener = opener
        self._memory = memory
        self._restarts = restarts
        self._known = known
        self._compression = compression
        self._resumption: Resumption | None = None
        self._said = self._asked = False

    def say(self) -> None:
        """Say the first flight, where the server's features are known; only once."""
        if self._said or self._known is None:
            return
        self._said = True
        if self._restarts:
            self._stream.say(self._stream.opening())
        if self._compression.likely:
            self._compression.say()
        else:
            self._ask(self._known)

    async def finish(self, timeout: float) -> SignedIn:
        """Go in; *timeout* is in silent seconds for each answer. Raises Failure."""
        stream = self._stream
        if self._restarts:
            stream.renew()
        self.say()
        if self._restarts and not self._said:
            stream.say(stream.opening())
        features = await (stream.greeting(timeout) if self._restarts else features_of(stream, timeout))
        tags = session_tags(features)
        stream.offered = tags
        self._memory.saw_session(tags)
        if await self._compression.begin(features, timeout):
            tags = await self._begin_anew(tags, timeout)
        elif not self._asked:
            self._ask(tags)
        elif self._resumption is not None and MANAGED not in tags:
            raise Stale("The server no longer keeps sessions.")
        failed: int | None = None
        if self._resumption is not None:
            answer = await stream.take(timeout)
            if answer.tag == gate.RESUMED:
                return SignedIn(self._resumption.bound, resumed=resumed_at(answer))
            if answer.tag != gate.RESUMPTION_FAILED:
                raise stream.fail(Violation(SKIPPED))
            failed = handled(answer)
            self._bind(tags)
        answer = await self._answer(timeout)
        jid = answer.findtext(f"{{{gate.BIND}}}bind/{{{gate.BIND}}}jid")
        if jid is None:
            raise stream.fail(Violation("The server did not say under which address you are signed in."))
        return SignedIn(stream.phase_gate.own(jid, bound=True), failed=failed)

    async def _begin_anew(self, tags: frozenset[str], timeout: float) -> frozenset[str]:
        """Open the compressed stream, and ask at once: it offers what the one before did, but compression."""
        stream = self._stream
        stream.renew()
        stream.say(stream.opening())
        if self._known is not None:
            self._ask(tags - {OFFERED})
        stream.offered = session_tags(await stream.greeting(timeout))
        if not self._asked:
            self._ask(stream.offered)
        return stream.offered

    def _ask(self, tags: frozenset[str]) -> None:
        self._asked = True
        self._stream.offered = tags
        self._resumption = self._opener.resumption() if MANAGED in tags else None
        if self._resumption is None:
            self._bind(tags)
        else:
            self._stream.phase_gate.resuming = self._resumption.id
            self._stream.say(sasl2.resume(self._resumption))

    def _bind(self, tags: frozenset[str]) -> None:
        stream = self._stream
        resource = stream.account.resource
        wanted = f"<resource>{escape(resource)}</resource>" if resource else ""
        id = stream.awaited_id = stream.phase_gate.binding_id = stream.new_id()
        stream.say(f"<iq type='set' id='{id}'><bind xmlns='{gate.BIND}'>{wanted}</bind></iq>")
        if SESSION in tags:
            # RFC 3921 §3; a server that wants it takes it behind the request to bind.
            stream.say(f"<iq type='set' id='{stream.new_id()}'><session xmlns='{gate.SESSION}'/></iq>")
        self._opener.open(frozenset())

    async def _answer(self, timeout: float) -> ET.Element:
        while True:
            answer = await self._stream.take(timeout)
            if answer.tag == gate.IQ and answer.get("id") == self._stream.awaited_id:
                break
        if answer.get("type") == "error":
            raise of_bind_error(answer)
        return answer


async def features_of(stream: Stream, timeout: float) -> ET.Element:
    """Return the features that follow a `<success/>` behind which no stream begins anew (XEP-0388 §2.6.1)."""
    features = await stream.take(timeout)
    if features.tag != gate.FEATURES:
        raise stream.fail(Violation(SKIPPED))
    stream.note(features)
    return features


def session_tags(features: ET.Element) -> frozenset[str]:
    """Return the tags of what is offered, without what may be left alone (draft-cridland-xmpp-session)."""
    return frozenset(one.tag for one in features if one.tag != SESSION or one.find(_OPTIONAL) is None)


def resumed_at(answer: ET.Element) -> int:
    """Return the `h` of `<resumed/>`, which must have one (XEP-0198 §5); raises Failure."""
    count = handled(answer)
    if count is None:
        raise Failure(_NO_COUNT, "h")
    return count


def handled(answer: ET.Element) -> int | None:
    """Return the `h` the server says, None: it says none; raises Failure when it makes no sense."""
    text = answer.get("h")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise Failure(_NO_COUNT, "h")
    return int(text)

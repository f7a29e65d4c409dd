"""Which way to sign in: a token or the password, by one request or step by step."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ..core.account import Token, TransportKind
from . import exchange, fast, gate, sasl, sasl2
from .advertised import Advertised
from .credentials import Credentials
from .failure import Refused
from .gate import Gate, Phase
from .opening import Opener
from .sasl import Mechanism
from .sasl2 import Inlined
from .server_memory import ServerMemory
from .stream import Stream


@value
class Way:
    """One way to sign in."""

    mechanism: Mechanism
    namespace: str
    """`gate.SASL` or `gate.SASL2`."""
    asked: Inlined = Inlined()
    token: Token | None = None
    """The one that signs in; None: the password does."""

    def request(self, stream: Stream, memory: ServerMemory) -> str:
        """Return the element that begins it."""
        if self.namespace == gate.SASL:
            return exchange.auth(self.mechanism)
        return sasl2.authenticate(
            self.mechanism,
            stream.account,
            self.asked,
            user_agent=memory.user_agent,
            token="" if self.token is None else fast.presented(),
        )

    def judge(self, checks: Gate, success: ET.Element) -> Phase:
        """As `sasl2.judge`."""
        return sasl2.judge(checks, self.mechanism, self.asked, success)

    def offered_by(self, advertised: Advertised) -> bool:
        """Whether *advertised* has everything this way needs."""
        if self.namespace == gate.SASL:
            names = advertised.mechanisms
        else:
            names = advertised.sasl2 if self.token is None else advertised.tokens
        return (
            self.mechanism.name in names
            and (
                not self.mechanism.name.endswith(sasl.PLUS)
                or sasl.END_POINT in (advertised.binding_types or ())
            )
            and self.asked.offered_by(advertised)
        )


class Chooser:
    """Chooses for one stream."""

    def __init__(
        self,
        stream: Stream,
        credentials: Credentials,
        opener: Opener,
        memory: ServerMemory,
        *,
        accept_weaker: str,
        inlines: bool = True,
    ) -> None:
        """*inlines*: a session may be bound or resumed along with the proof."""
        self._stream = stream
        self._credentials = credentials
        self._opener = opener
        self._memory = memory
        self._accept_weaker = accept_weaker
        self._inlines = inlines
        self._end_point: bytes | None = None
        self._end_point_known = False

    async def way(self, advertised: Advertised) -> Way:
        """Return the way to take where *advertised* is offered; raises Weaker, Refused."""
        token = await self.token(advertised)
        if token is not None:
            return Way(self._hashed(token), gate.SASL2, self._inlined(advertised, ""), token)
        namespace, name = self.mechanism(advertised)
        user = self._stream.account.address.local
        password = await self._credentials.password()
        mechanism: Mechanism
        if name == sasl.PLAIN:
            mechanism = sasl.Plain(user, password)
        else:
            bound = self._certificate_hash() if name.endswith(sasl.PLUS) else None
            mechanism = sasl.Scram(name, user, password, end_point=bound)
        if namespace == gate.SASL:
            return Way(mechanism, namespace)
        wanted = ""
        if self._credentials.keeps_tokens and advertised.tokens:
            can_bind = fast.END_POINT in advertised.tokens and self._certificate_hash() is not None
            wanted = fast.wanted(advertised.tokens, can_bind=can_bind)
        return Way(mechanism, namespace, self._inlined(advertised, wanted))

    @property
    def binds(self) -> bool:
        """Whether the proof can be bound to this link (RFC 5929)."""
        return self._stream.wire is not None and self._stream.wire.kind is TransportKind.TCP

    def pin(self, way: Way) -> None:
        """Expect no less than *way* from now on."""
        facts, address = self._stream.facts, str(self._stream.account.address.bare)
        name = way.mechanism.name
        # A link that cannot be bound says nothing about those that can.
        if way.token is None and (self.binds or sasl.remembered(facts, address) != name + sasl.PLUS):
            sasl.remember(facts, address, name)

    async def can(self, advertised: Advertised) -> bool:
        """Whether there is a way where *advertised* is offered."""
        if await self.token(advertised) is not None:
            return True
        try:
            self.mechanism(advertised)
        except Refused:
            return False
        return True

    async def token(self, advertised: Advertised) -> Token | None:
        """Return the token that can be used where *advertised* is offered; None: there is none."""
        token = await self._credentials.token()
        return token if token is not None and advertised.sasl2 and self._usable(token, advertised) else None

    def mechanism(self, advertised: Advertised) -> tuple[str, str]:
        """Return the namespace and the name of the mechanism for the password; raises Weaker, Refused."""
        if advertised.sasl2:
            try:
                return gate.SASL2, self._choose(advertised, sasl2=True)
            except Refused:
                if not advertised.mechanisms:
                    raise
        return gate.SASL, self._choose(advertised, sasl2=False)

    def _choose(self, advertised: Advertised, *, sasl2: bool) -> str:
        account = self._stream.account
        types = advertised.binding_types or ()
        pinned = sasl.remembered(self._stream.facts, str(account.address.bare))
        return sasl.choose(
            advertised.offer(sasl2=sasl2),
            remembered=pinned if self.binds else pinned.removesuffix(sasl.PLUS),
            allow_plain=account.allow_plain,
            accept_weaker=self._accept_weaker,
            can_bind=sasl.END_POINT in types and self._certificate_hash() is not None,
        )

    def _inlined(self, advertised: Advertised, token: str) -> Inlined:
        if not self._inlines:
            return Inlined(token=token)
        return sasl2.inlined(
            advertised,
            self._opener.resumption(),
            has_archive=self._memory.has_archive,
            token=token,
            besides=self._stream.inline,
            without=self._stream.not_inline,
        )

    def _usable(self, token: Token, advertised: Advertised) -> bool:
        bound = token.mechanism == fast.END_POINT and self._certificate_hash() is not None
        return fast.usable(token, advertised.tokens, can_bind=bound)

    def _hashed(self, token: Token) -> fast.HashedToken:
        bound = self._certificate_hash() if token.mechanism == fast.END_POINT else None
        return fast.HashedToken(token, self._stream.account.address.local, bound)

    def _certificate_hash(self) -> bytes | None:
        # By WebSocket and BOSH TLS may end at another program than the one that checks the binding.
        if not self.binds:
            return None
        if not self._end_point_known:
            self._end_point_known = True
            certificate = self._stream.certificate()
            self._end_point = sasl.end_point(certificate) if certificate else None
        return self._end_point

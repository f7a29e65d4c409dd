"""Takes a token back, so that nobody who finds it can sign in with it (XEP-0484 §3.6)."""

from __future__ import annotations

from functools import partial

from ..core.account import Token
from . import advertised, exchange, fast, gate, sasl, sasl2
from .sasl2 import Inlined
from .server_memory import ServerMemory
from .stream import Stream


async def revoke(stream: Stream, token: Token, memory: ServerMemory, *, timeout: float) -> None:
    """Have the server forget *token*, on a stream that is secure and that carries no session.

    *timeout* is in silent seconds for each answer. Raises Failure; where the token cannot be used, there is
    nothing to take back.
    """
    offered = advertised.read(await stream.begin(timeout))
    certificate = stream.certificate()
    end_point = sasl.end_point(certificate) if certificate and token.mechanism == fast.END_POINT else None
    if not fast.usable(token, offered.tokens, can_bind=end_point is not None):
        return
    mechanism = fast.HashedToken(token, stream.account.address.local, end_point)
    asked = Inlined()
    stream.phase_gate.exchange = gate.SASL2
    stream.phase_gate.judge = partial(sasl2.judge, stream.phase_gate, mechanism, asked)
    stream.say(
        sasl2.authenticate(
            mechanism,
            stream.account,
            asked,
            user_agent=memory.user_agent,
            token=fast.presented(invalidate=True),
        )
    )
    await exchange.prove(stream, mechanism, timeout=timeout)

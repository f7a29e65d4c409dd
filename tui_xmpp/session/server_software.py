"""What software runs an account's server, as it calls itself in its capabilities (XEP-0115 §6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .feature import Context

EJABBERD = "https://www.process-one.net/ejabberd/"
_SPACE = "server-software"


def server_software(context: Context) -> str:
    """Return the capabilities node of the account's server, `http://prosody.im`; empty: it never said.

    What it said last is kept: a stream that resumes a session may end before the server has said it.
    """
    said, account = context.server_caps.partition("#")[0], str(context.own)
    kept = context.facts.get(_SPACE, account) or ""
    if said and said != kept:
        context.facts.put(_SPACE, account, said)
    return said or kept

"""Both ways of OpenPGP of one account, on one desk."""

from __future__ import annotations

from ...core.security import Method
from ..feature import Context
from .cipher import Cipher
from .legacy_pgp import LegacyPgp
from .openpgp import OpenPgp
from .pgp_desk import PgpDesk
from .pgp_keys import PgpKeys
from .signed_presence import SignedPresence


class OpenPgpWays:
    """Of one account."""

    def __init__(self, context: Context) -> None:
        self.desk = PgpDesk(context)
        self.keys = PgpKeys(context, self.desk)
        self.presence = SignedPresence(context, self.desk)
        self._openpgp = OpenPgp(context, self.desk)
        self._legacy = LegacyPgp(context, self.desk)

    def cipher(self, method: Method) -> Cipher:
        """The newer way, or the legacy one."""
        return self._legacy if method is Method.PGP else self._openpgp

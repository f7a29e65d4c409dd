"""By which way a message is sealed, told by its elements alone: no library is loaded to find out."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...core.security import Method
from .omemo_names import all_encrypted
from .openpgp_names import ENCRYPTED, OX

_OPENPGP = f"{{{OX}}}openpgp"
_PGP = f"{{{ENCRYPTED}}}x"


def method_of(stanza: ET.Element) -> Method | None:
    """What has sealed it; None: nothing has."""
    if all_encrypted(stanza):
        return Method.OMEMO
    if stanza.find(_OPENPGP) is not None:
        return Method.OPENPGP
    return Method.PGP if stanza.find(_PGP) is not None else None


def takes_gpg(stanza: ET.Element) -> bool:
    """Whether there is something for gpg in it, however deep it is wrapped."""
    return any(one.tag in (_OPENPGP, _PGP) for one in stanza.iter())

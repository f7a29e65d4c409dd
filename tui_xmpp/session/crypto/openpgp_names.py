"""Namespaces and nodes of OpenPGP for XMPP (XEP-0373 §4, §5; XEP-0374 §2.1)."""

from __future__ import annotations

OX = "urn:xmpp:openpgp:0"
IM = "urn:xmpp:openpgp:im:0"
METADATA = f"{OX}:public-keys"
"""The node that names our keys; with `:` and a fingerprint, the node that holds one."""
SECRET = f"{OX}:secret-key"
ENCRYPTED, SIGNED = "jabber:x:encrypted", "jabber:x:signed"
"""Of XEP-0027."""
NO_KEY = "This account has no OpenPGP key: choose one in `/openpgp`."
"""Said wherever nothing can be done without."""

"""tui-xmpp: a terminal XMPP chat client for the link you really have."""

__version__ = "0.1.0"

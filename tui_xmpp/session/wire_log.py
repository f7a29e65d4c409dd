"""Keeps what is said on the wire out of the logs: credentials, messages and keys."""

from __future__ import annotations

import logging
import re
import traceback

_XML = re.compile(r"\s*<(?:\?|/?([A-Za-z_][\w.:-]{0,60}))")


class WireFilter(logging.Filter):
    """Replaces XML among a record's arguments by the name of its first element and its size."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the payload out of *record*; never drops one."""
        if isinstance(record.args, tuple):
            record.args = tuple(_summary(value) for value in record.args)
        if isinstance(record.msg, str) and _XML.match(record.msg):
            record.msg = _summary(record.msg)
        # A traceback's message may quote a stanza.
        if record.exc_info and record.exc_info[0] is not None:
            where = "".join(traceback.format_tb(record.exc_info[2]))
            record.msg = f"{record.getMessage()} [{record.exc_info[0].__name__}]\n{where}"
            record.args = None
            record.exc_info = None
            record.exc_text = None
        return True


_FILTER = WireFilter()


def silence() -> None:
    """Put the filter on every logger of the XMPP library; to be called again when more of it was loaded."""
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and (name == "slixmpp" or name.startswith("slixmpp.")):
            logger.addFilter(_FILTER)


def _summary(value: object) -> object:
    if value is None or isinstance(value, (int, float, type)):
        return value
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    found = _XML.match(text)
    if found is None and "<" not in text:
        return value
    return f"<{(found and found.group(1)) or '…'}> ({len(text)} characters)"

"""Where the server takes files, how large they may be, and a place for each (XEP-0363)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from ..core.address import Address
from ..core.attachment import attachment_in
from . import convert
from .feature import Context, Failed
from .http_targets import plain_url

UPLOAD = "urn:xmpp:http:upload:0"
_ALLOWED = {"authorization": "Authorization", "cookie": "Cookie", "expires": "Expires"}
_SPACE = "upload"
_LASTS = timedelta(days=1)
_MOST_ITEMS = 50
_MOST_HEADER = 8192
_GONE = ("item-not-found", "service-unavailable", "remote-server-not-found", "feature-not-implemented")


@value
class Service:
    """What takes files."""

    address: Address
    most: int | None
    """Bytes of a file; None: the service does not say."""


@value
class Slot:
    """A place for one file."""

    put: str
    get: str
    headers: dict[str, str]


class Slots:
    """Of one account; the service is asked for once a day."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def service(self) -> Service:
        """Return the server's upload service (XEP-0363 §4); raises `Failed` where there is none."""
        known = self._recalled()
        if known is not None:
            return known
        server = Address("", self._context.own.domain)
        items = await self._context.request("get", convert.element(convert.DISCO_ITEMS, "query"), to=server)
        query = convert.child(items, convert.DISCO_ITEMS, "query")
        listed = [] if query is None else list(convert.children(query, convert.DISCO_ITEMS, "item"))
        addresses = [
            one for item in listed[:_MOST_ITEMS] if (one := convert.address(item.get("jid"))) is not None
        ]
        # Who else is listed is of no matter: only our own server's services are asked.
        found = await asyncio.gather(*(self._look(one) for one in [server, *addresses] if not one.local))
        service = next((one for one in found if one is not None), None)
        if service is None:
            raise Failed("Your server has no service for files (XEP-0363).", "no-upload")
        self._remember(service)
        return service

    async def ask(self, service: Service, name: str, size: int, media_type: str) -> Slot:
        """Return a place for a file of exactly *size* bytes (XEP-0363 §5); raises `Failed`."""
        if service.most is not None and size > service.most:
            raise _too_large(service.most, size)
        request = convert.element(UPLOAD, "request", filename=name, size=str(size), content_type=None)
        request.set("content-type", media_type)
        try:
            result = await self._context.request("get", request, to=service.address)
        except Failed as failed:
            raise self._explained(failed, service, size) from None
        slot = convert.child(result, UPLOAD, "slot")
        put = None if slot is None else convert.child(slot, UPLOAD, "put")
        get = None if slot is None else convert.child(slot, UPLOAD, "get")
        urls = ["" if one is None else plain_url(one.get("url", "")) for one in (put, get)]
        if put is None or not all(_is_place(url) for url in urls):
            raise Failed("The server gave no place that a file can safely be put at.", "bad-slot")
        return Slot(urls[0], urls[1], slot_headers(convert.children(put, UPLOAD, "header")))

    def _explained(self, failed: Failed, service: Service, size: int) -> Failed:
        if failed.condition in _GONE:
            self._context.facts.delete(_SPACE, str(self._context.own))
        error = failed.error
        too_large = None if error is None else convert.child(error, UPLOAD, "file-too-large")
        if too_large is not None:
            most = _number(convert.text_of(too_large, "max-file-size", UPLOAD))
            if most is not None:
                self._remember(Service(service.address, most))
                return _too_large(most, size)
        return failed

    async def _look(self, address: Address) -> Service | None:
        try:
            result = await self._context.request(
                "get", convert.element(convert.DISCO_INFO, "query"), to=address
            )
        except Failed as failed:
            if failed.condition == "offline":
                raise
            return None
        query = convert.child(result, convert.DISCO_INFO, "query")
        features = [] if query is None else list(convert.children(query, convert.DISCO_INFO, "feature"))
        if query is None or all(one.get("var") != UPLOAD for one in features):
            return None
        return Service(address, _limit(query))

    def _remember(self, service: Service) -> None:
        now = self._context.clock.now().isoformat()
        text = json.dumps([str(service.address), service.most, now])
        self._context.facts.put(_SPACE, str(self._context.own), text)

    def _recalled(self) -> Service | None:
        try:
            address, most, at = json.loads(self._context.facts.get(_SPACE, str(self._context.own)) or "")
            found, since = convert.address(address), datetime.fromisoformat(at)
        except (ValueError, TypeError):
            return None
        now = self._context.clock.now()
        return Service(found, most) if found is not None and now - _LASTS < since <= now else None


def slot_headers(given: Iterable[ET.Element]) -> dict[str, str]:
    """Return what a PUT may say because a service wants it (F-03).

    XEP-0363 §5 allows `Authorization`, `Cookie` and `Expires` and no other, "and MUST strip any newline
    characters"; what still holds a control character is left out.
    """
    headers: dict[str, str] = {}
    for one in given:
        name = _ALLOWED.get(one.get("name", "").strip().lower())
        content = (one.text or "").replace("\r", "").replace("\n", "").strip()
        is_plain = content.isascii() and content.isprintable() and 0 < len(content) <= _MOST_HEADER
        if name is not None and is_plain and name not in headers:
            headers[name] = content
    return headers


def in_words(size: int) -> str:
    """Return a number of bytes for people: `640 bytes`, `1.2 MB`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"


def _limit(query: ET.Element) -> int | None:
    """XEP-0363 §4: the field `max-file-size` of the form whose FORM_TYPE is this protocol."""
    for form in convert.children(query, convert.DATA_FORMS, "x"):
        fields = {
            one.get("var", ""): convert.text_of(one, "value", convert.DATA_FORMS)
            for one in convert.children(form, convert.DATA_FORMS, "field")
        }
        if fields.get("FORM_TYPE") == UPLOAD:
            return _number(fields.get("max-file-size", ""))
    return None


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _is_place(url: str) -> bool:
    return url.startswith("https://") and attachment_in(url) is not None


def _too_large(most: int, size: int) -> Failed:
    words = f"Your server takes files of up to {in_words(most)}, and this one has {in_words(size)}."
    return Failed(words, "file-too-large")

"""The server's side of an upload: its service, its slots, and what it stores."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

from tests.fakes.file_server import Answer, Asked, FileServer, ranged
from tests.session.wire import Wire
from tui_xmpp.core.file_events import TransferEnded
from tui_xmpp.session.upload_slots import UPLOAD

ITEMS = "{http://jabber.org/protocol/disco#items}query"
INFO = "{http://jabber.org/protocol/disco#info}query"
REQUEST = f"{{{UPLOAD}}}request"
SERVICE = "upload.example.org"


def stores(files: dict[str, bytes]) -> Callable[[Asked], Answer]:
    """What is put can be fetched."""

    def script(asked: Asked) -> Answer:
        if asked.method == "PUT":
            files[asked.path] = asked.body
            return Answer(201)
        return ranged(asked, files[asked.path]) if asked.path in files else Answer(404)

    return script


async def tell_service(wire: Wire, most: int | None = 10_000_000) -> None:
    """Answer the questions for the upload service."""
    items = await wire.request(ITEMS)
    inside = f"<item jid='{SERVICE}'/><item jid='rooms.example.org'/><item jid='someone@example.org'/>"
    wire.answer(items, f"<query xmlns='http://jabber.org/protocol/disco#items'>{inside}</query>")
    limit = "" if most is None else f"<field var='max-file-size'><value>{most}</value></field>"
    form = (
        f"<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>{UPLOAD}</value></field>"
        f"{limit}</x>"
    )
    for address in ("example.org", SERVICE, "rooms.example.org"):
        found: list[ET.Element] = []

        def asked(address: str = address, found: list[ET.Element] = found) -> bool:
            found[:] = [
                one for one in wire.requests() if one.get("to") == address and one.find(INFO) is not None
            ]
            return bool(found)

        await wire.until(asked)
        feature = f"<feature var='{UPLOAD}'/>{form}" if address == SERVICE else ""
        wire.answer(found[0], f"<query xmlns='http://jabber.org/protocol/disco#info'>{feature}</query>")


def slot(put: str, get: str, headers: str = "") -> str:
    return f"<slot xmlns='{UPLOAD}'><put url='{put}'>{headers}</put><get url='{get}'/></slot>"


async def give_slot(wire: Wire, server: FileServer, headers: str = "") -> ET.Element:
    """Answer the question for a slot, and return what was asked for."""
    iq = await wire.request(REQUEST)
    request = iq.find(REQUEST)
    assert request is not None and iq.get("to") == SERVICE
    url = f"https://example.org:{server.port}/4a77/{request.get('filename')}"
    wire.answer(iq, slot(url, url, headers))
    return request


async def ended(wire: Wire, count: int = 1) -> TransferEnded:
    """Wait until so many transfers are over; return the last."""
    await wire.until(lambda: len(wire.happened(TransferEnded)) >= count)
    return wire.happened(TransferEnded)[-1]

"""Reading and publishing items of personal nodes (XEP-0163, XEP-0060)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..core.address import Address
from . import convert
from .feature import Context, Failed

PUBSUB_OWNER = "http://jabber.org/protocol/pubsub#owner"
_PUBLISH_OPTIONS = "http://jabber.org/protocol/pubsub#publish-options"
_NODE_CONFIG = "http://jabber.org/protocol/pubsub#node_config"


async def get_items(context: Context, node: str, owner: Address, id: str = "") -> ET.Element:
    """The `<items/>` of a node, of one item where an id is given; raises `Failed`."""
    query = convert.element(convert.PUBSUB, "pubsub")
    items = convert.add(query, convert.PUBSUB, "items", node=node)
    if id:
        convert.add(items, convert.PUBSUB, "item", id=id)
    answer = convert.payload(await context.request("get", query, to=owner))
    found = None if answer is None else convert.child(answer, convert.PUBSUB, "items")
    return convert.element(convert.PUBSUB, "items") if found is None else found


async def publish(context: Context, node: str, id: str, payload: ET.Element, **options: str) -> None:
    """Publish an item of ours in the background; raises `Failed`.

    A node that is configured otherwise is configured as wanted first (XEP-0060 §7.1.5, §8.2).
    """
    for tries_left in (2, 1, 0):
        try:
            await context.request("set", _publication(node, id, payload, options), background=True)
        except Failed as failed:
            # ejabberd makes a node with its first item, and finds it missing where another is being made.
            if failed.condition == "item-not-found" and tries_left:
                continue
            # XEP-0060 §7.1.5: "the pubsub service MUST reject the publication attempt (...) conflict".
            if failed.condition != "conflict" or not tries_left:
                raise
            query = convert.element(PUBSUB_OWNER, "pubsub")
            configure = convert.add(query, PUBSUB_OWNER, "configure", node=node)
            configure.append(_form(_NODE_CONFIG, options))
            await context.request("set", query, background=True)
        else:
            return


def _publication(node: str, id: str, payload: ET.Element, options: dict[str, str]) -> ET.Element:
    query = convert.element(convert.PUBSUB, "pubsub")
    published = convert.add(query, convert.PUBSUB, "publish", node=node)
    convert.add(published, convert.PUBSUB, "item", id=id).append(payload)
    if options:
        convert.add(query, convert.PUBSUB, "publish-options").append(_form(_PUBLISH_OPTIONS, options))
    return query


def _form(kind: str, options: dict[str, str]) -> ET.Element:
    return convert.form(kind, **{f"pubsub#{name}": text for name, text in options.items()})

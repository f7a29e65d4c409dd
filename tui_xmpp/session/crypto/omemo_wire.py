"""OMEMO on the wire: where lists and keys are published, how all is written, and what is refused.

The two versions in use: 0.3 (`eu.siacs.conversations.axolotl`) and XEP-0384 0.8 (`urn:xmpp:omemo:2`).
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

import oldmemo.etree
import oldmemo.oldmemo
import twomemo.etree
import twomemo.twomemo
from omemo.bundle import Bundle
from omemo.message import Message
from omemo.types import DeviceList

from ...core.address import Address
from .. import convert
from ..feature import Context, Failed
from ..pep_nodes import PUBSUB_OWNER, get_items, publish
from .omemo_names import LISTS, NEW, OLD

MOST_DEVICES = 50
"""Devices of one account that are noted: with a list of thousands each message would be sealed for all."""
_CURRENT = "current"
_GONE = ("item-not-found", "forbidden", "not-authorized", "service-unavailable", "feature-not-implemented")
"""After these there is nothing published for us; after all else nothing is known."""


def read_list(namespace: str, items: ET.Element, known: frozenset[int] = frozenset()) -> DeviceList:
    """A list of devices as it was published; of too long a list the *known* ones and the first.

    Raises `ValueError` where it is malformed.
    """
    for item in convert.children(items, convert.PUBSUB_EVENT, "item"):
        return _list_in(namespace, item, known)
    for item in convert.children(items, convert.PUBSUB, "item"):
        return _list_in(namespace, item, known)
    return {}


def _list_in(namespace: str, item: ET.Element, known: frozenset[int]) -> DeviceList:
    name = "list" if namespace == OLD else "devices"
    found = convert.child(item, namespace, name)
    if found is None:
        raise ValueError("there is no list of devices in it")
    parse = oldmemo.etree.parse_device_list if namespace == OLD else twomemo.etree.parse_device_list
    try:
        parsed = parse(found)
    except Exception as error:
        # Whatever a stranger publishes: the schema validator has its own exceptions for each.
        raise ValueError(str(error)) from None
    valid = {id: label for id, label in parsed.items() if 0 < id < 2**32}
    first = sorted(valid, key=lambda id: id not in known)[:MOST_DEVICES]
    return {id: valid[id] for id in first}


async def fetch_list(context: Context, namespace: str, owner: Address) -> DeviceList:
    """The list of devices of an account, empty where it publishes none; raises `Failed`."""
    try:
        items = await get_items(context, LISTS[namespace], owner)
        return read_list(namespace, items)
    except Failed as failed:
        if failed.condition in _GONE:
            return {}
        raise
    except ValueError:
        return {}


async def publish_list(context: Context, namespace: str, devices: DeviceList) -> None:
    """Publish our own list, open to all (XEP-0384 §5.3.1); raises `Failed`."""
    serialize = (
        oldmemo.etree.serialize_device_list if namespace == OLD else twomemo.etree.serialize_device_list
    )
    await publish(context, LISTS[namespace], _CURRENT, serialize(devices), access_model="open")


async def fetch_bundle(context: Context, namespace: str, owner: Address, device: int) -> Bundle | None:
    """The public keys of a device; None: there are none, or they are malformed. Raises `Failed`.

    In OMEMO 0.3 they are alone in their node, and asked for as XEP-0384 0.3 §4.4 has it, without the name of
    the item: dino has one of its own.
    """
    node, id = _bundle_place(namespace, device)
    try:
        items = await get_items(context, node, owner, "" if namespace == OLD else id)
    except Failed as failed:
        if failed.condition in _GONE:
            return None
        raise
    parse = oldmemo.etree.parse_bundle if namespace == OLD else twomemo.etree.parse_bundle
    for item in convert.children(items, convert.PUBSUB, "item"):
        for element in item:
            try:
                return parse(element, str(owner), device)
            except Exception:
                # Malformed in whatever way: the same as none.
                return None
    return None


async def publish_bundle(context: Context, bundle: Bundle) -> None:
    """Publish our own public keys, about 10 kB, when nothing else is to be sent; raises `Failed`."""
    node, id = _bundle_place(bundle.namespace, bundle.device_id)
    if isinstance(bundle, oldmemo.oldmemo.BundleImpl):
        element = oldmemo.etree.serialize_bundle(bundle)
        options = {"access_model": "open"}
    elif isinstance(bundle, twomemo.twomemo.BundleImpl):
        element = twomemo.etree.serialize_bundle(bundle)
        options = {"access_model": "open", "max_items": "max"}
    else:
        raise TypeError(type(bundle))
    await publish(context, node, id, element, **options)


async def delete_bundle(context: Context, namespace: str, device: int) -> None:
    """Take the keys of another device of ours away; raises `Failed`."""
    node, id = _bundle_place(namespace, device)
    if namespace == OLD:
        query = convert.element(PUBSUB_OWNER, "pubsub")
        convert.add(query, PUBSUB_OWNER, "delete", node=node)
    else:
        query = convert.element(convert.PUBSUB, "pubsub")
        retract = convert.add(query, convert.PUBSUB, "retract", node=node)
        convert.add(retract, convert.PUBSUB, "item", id=id)
    await context.request("set", query, background=True)


def _bundle_place(namespace: str, device: int) -> tuple[str, str]:
    if namespace == OLD:
        return f"{OLD}.bundles:{device}", _CURRENT
    return f"{NEW}:bundles", str(device)


def written(message: Message) -> ET.Element:
    """A sealed message as an element."""
    if message.namespace == OLD:
        return oldmemo.etree.serialize_message(message)
    return twomemo.etree.serialize_message(message)

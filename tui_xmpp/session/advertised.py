"""What a server offers before a sign-in: ways to prove oneself, and what may be asked for along with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as ET

from tui_xmpp.core.value import value

from . import gate
from .sasl import Offer

_MOST = 64
_LONGEST = 100


@value
class Advertised:
    """The features of a stream that is secure and nothing more (RFC 6120 §6.4.1, XEP-0388 §2.1)."""

    mechanisms: tuple[str, ...] = ()
    """Of RFC 6120."""
    binding_types: tuple[str, ...] | None = None
    """Channel binding types (XEP-0440); None: it did not say."""
    sasl2: tuple[str, ...] = ()
    """Mechanisms of XEP-0388; empty: the server has no SASL2."""
    tokens: tuple[str, ...] = ()
    """Mechanisms for tokens (XEP-0484)."""
    bind2: tuple[str, ...] | None = None
    """What a request to bind can enable (XEP-0386 §3.1); None: nothing can be bound inline."""
    resumes: bool = False
    """Whether a session can be resumed inline (XEP-0198 §8.2)."""

    def offer(self, *, sasl2: bool) -> Offer:
        """Return the part a mechanism is chosen from."""
        return Offer(self.sasl2 if sasl2 else self.mechanisms, self.binding_types)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a fact."""
        return asdict(self)


def read(features: ET.Element) -> Advertised:
    """Return what *features* say."""
    offered = features.find(gate.AUTHENTICATION)
    inline = None if offered is None else offered.find(f"{{{gate.SASL2}}}inline")
    bind = None if inline is None else inline.find(f"{{{gate.BIND2}}}bind")
    types = features.find(gate.BINDING_TYPES)
    return Advertised(
        mechanisms=_texts(features.find(gate.MECHANISMS), f"{{{gate.SASL}}}mechanism"),
        binding_types=None if types is None else _attributes(types, "type"),
        sasl2=_texts(offered, f"{{{gate.SASL2}}}mechanism"),
        tokens=_texts(
            None if inline is None else inline.find(f"{{{gate.FAST}}}fast"), f"{{{gate.FAST}}}mechanism"
        ),
        bind2=None if bind is None else _attributes(bind.iter(f"{{{gate.BIND2}}}feature"), "var"),
        resumes=inline is not None and inline.find(f"{{{gate.RESUMPTION}}}sm") is not None,
    )


def from_json(kept: Any) -> Advertised | None:
    """Return what `to_json` made; None when it makes no sense."""
    if not isinstance(kept, dict) or not isinstance(kept.get("resumes"), bool):
        return None
    lists = {name: _strings(kept.get(name)) for name in ("mechanisms", "sasl2", "tokens")}
    optional = {
        name: None if kept.get(name) is None else _strings(kept[name]) for name in ("binding_types", "bind2")
    }
    if None in lists.values() or any(
        kept.get(name) is not None and optional[name] is None for name in optional
    ):
        return None
    return Advertised(resumes=kept["resumes"], **lists, **optional)  # type: ignore[arg-type]


def _texts(parent: ET.Element | None, tag: str) -> tuple[str, ...]:
    return () if parent is None else _kept((one.text or "").strip() for one in parent.findall(tag))


def _attributes(elements: Iterable[ET.Element], name: str) -> tuple[str, ...]:
    return _kept(one.get(name, "") for one in elements)


def _kept(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if len(name) <= _LONGEST)[:_MOST]


def _strings(kept: object) -> tuple[str, ...] | None:
    if isinstance(kept, list) and all(isinstance(one, str) for one in kept):
        return tuple(kept)
    return None

"""Signs that look alike are told apart."""

from __future__ import annotations

import pytest

from tests.ui.log_values import look, message
from tests.ui.test_render import style_of
from tui_xmpp.core.message import Delivery
from tui_xmpp.ui.render.people import Here, presence


@pytest.mark.parametrize("theme", ["quiet-dark", "quiet-light", "ansi", "paper"])
def test_read_and_here_have_colours_of_their_own(theme: str) -> None:
    read = message(1, "word", own=True, delivery=Delivery.READ)
    assert style_of(read, "●", look(theme)).color == look(theme).style("accent").color
    assert presence(look(theme), Here.HERE).style == look(theme).style("ok")
    assert look(theme).style("ok").color != look(theme).style("accent").color

"""The first frame is whole: the list and the newest messages, in one go and with nothing drawn before it."""

from __future__ import annotations

from typing import Any

from textual.drivers.headless_driver import HeadlessDriver

from tests.ui.driving import NOON, FakeConfig
from tests.ui.world import peopled
from tui_xmpp.core.settings import Settings, Ui
from tui_xmpp.ui.app import ChatApp


class Written(HeadlessDriver):
    """Keeps what is drawn: for a headless terminal Textual does not draw at all."""

    frames: list[str]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.frames = []

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        if len(data) > 1000:
            self.frames.append(data)


async def test_the_first_frame_shows_the_list_and_the_newest_message() -> None:
    engine = peopled()
    app = ChatApp(
        engine,
        engine.archive,
        Settings(ui=Ui(theme="quiet-dark")),
        config_folder=None,
        config=FakeConfig(),
        driver_class=Written,
        today=lambda: NOON.date(),
    )
    async with app.run_test(headless=False, size=(120, 40)) as pilot:
        await pilot.pause()
        driver = app._driver
        assert isinstance(driver, Written)
        assert len(app.screen_stack) == 1
        assert "bram" in driver.frames[0]
        assert "Shall we meet at the station?" in driver.frames[0]

"""What the message log posts."""

from __future__ import annotations

from textual.message import Message as Posted

from tui_xmpp.core.message import Gap, Message


class LogMessages:
    """The messages of `MessageLog`, as its nested classes: `MessageLog.OlderWanted`."""

    class OlderWanted(Posted, namespace="message_log"):
        """The view is near the oldest record held: call `prepend`, also with an empty page."""

    class NewerWanted(Posted, namespace="message_log"):
        """The view is near the newest record held, which is not the chat's newest: call `append_page`."""

    class NewestWanted(Posted, namespace="message_log"):
        """The user wants the end, which is not held: call `show` with the newest page."""

    class ReachedEnd(Posted, namespace="message_log"):
        """The view came to the chat's newest message; not posted again while it stays there."""

    class NewBelow(Posted, namespace="message_log"):
        """Messages came below the view, or were reached."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    class GapReached(Posted, namespace="message_log"):
        """A gap came into view."""

        def __init__(self, gap: Gap) -> None:
            super().__init__()
            self.gap = gap

    class SelectionChanged(Posted, namespace="message_log"):
        """Another message is selected, or none."""

        def __init__(self, message: Message | None) -> None:
            super().__init__()
            self.message = message

    class Clicked(Posted, namespace="message_log"):
        """A message was clicked; it is not selected by that."""

        def __init__(self, message: Message) -> None:
            super().__init__()
            self.message = message

    class ReplyClicked(Posted, namespace="message_log"):
        """The quoted line of a reply was clicked: jump to `message.reply`."""

        def __init__(self, message: Message) -> None:
            super().__init__()
            self.message = message

    class LinkClicked(Posted, namespace="message_log"):
        """A link in a message was clicked."""

        def __init__(self, url: str) -> None:
            super().__init__()
            self.url = url

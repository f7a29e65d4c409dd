"""What the link profile lets out: the only reader of its threshold."""

from __future__ import annotations

from ..core.account import Account
from ..core.link import PROFILES, LinkProfile, Weight


class Pacing:
    """Decides, for one account, what is worth its bytes now."""

    def __init__(self, account: Account) -> None:
        self.profile: LinkProfile = PROFILES.get(account.link, PROFILES["full"])

    def allows(self, weight: Weight) -> bool:
        """Whether something of this weight may be sent."""
        return weight <= self.profile.threshold

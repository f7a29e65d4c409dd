"""Which profile a link fits, by playbooks with a turned clock."""

from __future__ import annotations

import itertools
from dataclasses import replace

from tui_xmpp.core.link import PROFILES
from tui_xmpp.session.sensing import EVERY, Move, Sensing, rank
from tui_xmpp.session.timing import Sensed

GOOD = (0.04, 1e6)
SATELLITE = (0.74, 9_400.0)
RADIO = (2.14, 2_100.0)


class Playbook:
    """A link that is so for a while, and then otherwise."""

    def __init__(self, chosen: str = "full") -> None:
        self.sensing = Sensing(PROFILES[chosen])
        self.now = 1000.0
        self.moves: list[tuple[float, str]] = []
        self.reasons: list[str] = []

    def link(self, rtt: float | None, rate: float | None = None, *, seconds: float = 60.0) -> Playbook:
        """Measured every two seconds, as while something is under way."""
        for _ in range(int(seconds / 2)):
            self.now += 2
            self.sensing.took(Sensed(answer=rtt, rate=rate), self.now)
            self.judge()
        return self

    def judge(self) -> Move | None:
        move = self.sensing.judge(self.now)
        if move is not None:
            self.moves.append((self.now - 1000, move.profile))
            self.reasons.append(move.reason)
        return move

    @property
    def path(self) -> list[str]:
        return [profile for _, profile in self.moves]


def test_a_good_link_moves_nowhere() -> None:
    assert Playbook().link(*GOOD, seconds=900).moves == []


def test_a_late_link_is_a_satellite_and_a_later_one_a_radio() -> None:
    book = Playbook().link(*SATELLITE).link(*RADIO)
    assert book.path == ["satellite", "radio"]
    assert book.reasons[0] == "The link looks like a satellite: 740 ms, 9 kbit/s."
    assert book.reasons[1].startswith("The link looks like a radio: 1.")
    assert book.moves[0][0] <= 3 * EVERY + 2


def test_a_thin_link_is_one_too() -> None:
    assert Playbook().link(0.3, 20_000.0).path == ["satellite"]
    assert Playbook().link(0.3, 5_000.0).path == ["radio"]


def test_a_low_rate_on_a_short_way_is_the_server_that_takes_its_time() -> None:
    assert Playbook().link(0.04, 20_000.0).moves == []


def test_a_rate_alone_says_nothing() -> None:
    assert Playbook().link(None, 2_000.0).moves == []


def test_what_waits_behind_a_download_is_not_the_link() -> None:
    book = Playbook()
    for _ in range(60):
        # One answer in ten seconds is as quick as ever.
        book.link(1.9, seconds=8).link(*GOOD, seconds=2)
    assert book.moves == []


def test_the_path_may_end_at_a_proxy() -> None:
    sensing = Sensing(PROFILES["full"])
    for now in range(0, 60, 2):
        sensing.took(Sensed(path=0.001, answer=0.9), now)
    move = sensing.judge(60)
    assert move is not None and move.profile == "satellite"


def test_one_bad_moment_is_not_the_link() -> None:
    assert Playbook().link(*GOOD).link(0.9, seconds=EVERY).link(*GOOD).moves == []


def test_up_one_step_for_five_good_minutes_each() -> None:
    book = Playbook().link(*RADIO)
    began = book.now - 1000
    book.link(*GOOD, seconds=1800)
    assert book.path == ["radio", "satellite", "metered", "mobile", "full"]
    times = [at for at, _ in book.moves[1:]]
    assert times[0] >= began + 300
    assert all(300 <= later - sooner <= 320 for sooner, later in itertools.pairwise(times))
    assert book.sensing.is_at_ceiling


def test_good_minutes_that_are_interrupted_do_not_add_up() -> None:
    book = Playbook().link(*SATELLITE)
    for _ in range(6):
        book.link(*GOOD, seconds=240).link(*SATELLITE, seconds=60)
    assert book.path == ["satellite"]


def test_never_above_what_the_user_chose() -> None:
    book = Playbook("metered").link(*SATELLITE).link(*GOOD, seconds=1800)
    assert book.path == ["satellite", "metered"]
    assert Playbook("radio").link(*SATELLITE).link(*GOOD, seconds=1800).moves == []


def test_more_than_three_cuts_in_ten_minutes_are_one_step() -> None:
    book = Playbook()
    for number in range(4):
        book.link(*GOOD, seconds=60)
        book.sensing.cut(book.now)
        assert (book.judge() is not None) == (number == 3)
    assert book.path == ["mobile"]
    assert book.reasons == ["The link was cut 4 times in ten minutes."]
    assert book.link(*GOOD, seconds=280).path == ["mobile"]
    assert book.link(*GOOD, seconds=60).path == ["mobile", "full"]


def test_as_many_cuts_in_an_hour_are_none() -> None:
    book = Playbook()
    for _ in range(12):
        book.link(*GOOD, seconds=220)
        book.sensing.cut(book.now)
        book.judge()
    assert book.moves == []


def test_who_will_not_have_it_is_not_told_again() -> None:
    book = Playbook().link(*SATELLITE)
    book.sensing.chose(PROFILES["full"], book.now)
    assert book.link(*SATELLITE, seconds=600).path == ["satellite"]
    # It gets worse, and that is news; so is the next time, when it was good meanwhile.
    assert book.link(*RADIO).path == ["satellite", "radio"]
    book.link(*GOOD, seconds=1800)
    assert book.link(*SATELLITE).path[-1] == "satellite"


def test_another_network_begins_anew() -> None:
    book = Playbook().link(*SATELLITE, seconds=26)
    book.sensing.moved()
    assert book.link(*GOOD, seconds=120).moves == []


def test_what_was_measured_long_ago_is_forgotten() -> None:
    book = Playbook().link(*SATELLITE, seconds=20)
    book.now += 900
    assert book.link(*SATELLITE, seconds=4).moves == []


def test_a_profile_of_the_users_own_stands_where_it_is_most_like() -> None:
    train = replace(PROFILES["mobile"], name="train", page=7)
    assert rank(train) == rank(PROFILES["mobile"])
    sensing = Sensing(train)
    assert sensing.ceiling == "train"

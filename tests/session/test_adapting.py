"""What is suggested, what is switched to by itself, and what the next start begins with."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.session.link.rig import OWN, Facts
from tests.session.wire import Wire
from tui_xmpp.core.account import Account
from tui_xmpp.core.events import Event, LinkChanged, LinkSuggested
from tui_xmpp.core.link import PROFILES
from tui_xmpp.core.settings import Encryption, Link, Settings
from tui_xmpp.session import which_network
from tui_xmpp.session.adapting import Adapting
from tui_xmpp.session.failure import LEFT, Failure
from tui_xmpp.session.pacing import Pacing
from tui_xmpp.session.timing import LinkTiming, Sensed

GOOD = Sensed(path=0.04, answer=0.05)
SATELLITE = Sensed(path=0.6, answer=0.74, rate=9_400.0)
TRAIN = replace(PROFILES["mobile"], name="train", page=7)

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
"""
ARP = """\
IP address       HW type     Flags       HW address            Mask     Device
10.0.0.1         0x1         0x2         02:42:ac:11:00:02     *        eth0
"""
ROUTES_6 = f"""\
{"0" * 32} 00 {"0" * 32} 00 fe80{"0" * 27}1 00000400 00000001 00000000 00000003    wlan0
{"0" * 32} 00 {"0" * 32} 00 {"0" * 32} ffffffff 00000001 00000000 00200200       lo
"""


class Computer:
    """An account on a computer that may start again, and be carried to another network."""

    def __init__(self, auto: str = "suggest", facts: Facts | None = None, link: str = "full") -> None:
        self.account = Account(OWN, link=link)
        self.settings = Settings(link=Link(auto=auto, profiles={"train": TRAIN}))
        self.clock = FakeClock()
        self.facts = facts or Facts()
        self.pacing = Pacing(self.account, self.settings.link.profiles, self.facts)
        self.told: list[Event] = []
        self.networks = ("home",)
        self.timing = LinkTiming(self.facts, OWN, self.clock)
        self.adapting = Adapting(
            self, self.timing, use=lambda name: self.use(name, automatic=True), networks=lambda: self.networks
        )

    def start(self, *networks: str) -> Computer:
        self.networks = networks or self.networks
        self.adapting.begin()
        return self

    def again(self, *networks: str) -> Computer:
        """The program ends, and starts again."""
        return Computer(self.settings.link.auto, self.facts, self.account.link).start(*networks)

    def carry(self, *networks: str) -> None:
        self.networks = networks
        self.adapting.moved()

    def emit(self, *events: Event) -> None:
        for event in events:
            self.told.append(event)
            self.adapting.told(event)

    def use(self, name: str, *, automatic: bool = False) -> None:
        self.pacing.use(name)
        self.emit(LinkChanged(OWN, self.pacing.profile, automatic))

    def cut(self, condition: str = "") -> None:
        loop = asyncio.new_event_loop()
        lost: asyncio.Future[Failure] = loop.create_future()
        lost.set_result(Failure("The link broke.", condition))
        loop.close()
        self.adapting.lost(lost, stood=True)

    def link(self, sensed: Sensed, seconds: float = 60) -> None:
        for _ in range(int(seconds / 2)):
            self.clock.turn(2)
            self.timing.sensed(sensed)

    @property
    def suggested(self) -> list[str]:
        return [one.profile for one in self.told if isinstance(one, LinkSuggested)]

    @property
    def used(self) -> list[str]:
        return [one.profile.name for one in self.told if isinstance(one, LinkChanged)]


def test_it_suggests_once_and_takes_it_back() -> None:
    computer = Computer().start()
    computer.link(SATELLITE, 600)
    assert computer.suggested == ["satellite"]
    told = computer.told[-1]
    assert isinstance(told, LinkSuggested)
    assert told.reason == "The link looks like a satellite: 740 ms, 9 kbit/s."
    computer.link(GOOD, 2000)
    assert computer.suggested == ["satellite", ""]
    assert computer.used == []


def test_who_took_the_advice_is_left_alone() -> None:
    computer = Computer().start()
    computer.link(SATELLITE)
    computer.use("satellite")
    computer.link(SATELLITE, 300)
    computer.link(GOOD, 2000)
    assert computer.suggested == ["satellite"]


def test_who_would_not_take_it_hears_of_it_when_it_gets_worse() -> None:
    computer = Computer().start()
    computer.link(SATELLITE)
    computer.use("full")
    computer.link(SATELLITE, 600)
    assert computer.suggested == ["satellite"]
    computer.link(Sensed(answer=4.0))
    assert computer.suggested == ["satellite", "radio"]


def test_it_switches_down_and_later_up_to_what_the_user_chose() -> None:
    computer = Computer("switch").start()
    computer.use("train")
    computer.link(SATELLITE)
    computer.link(GOOD, 2000)
    assert computer.used == ["train", "satellite", "metered", "train"]
    assert [one.automatic for one in computer.told if isinstance(one, LinkChanged)] == [
        False,
        True,
        True,
        True,
    ]
    assert computer.suggested == []


def test_off_is_off() -> None:
    computer = Computer("off").start()
    computer.link(SATELLITE, 600)
    for _ in range(9):
        computer.cut()
    computer.use("radio")
    computer.carry("elsewhere")
    assert computer.told == [LinkChanged(OWN, PROFILES["radio"])]
    assert not [key for key in computer.facts.values if key[0] == "link-network"]


def test_many_cuts_are_one_step() -> None:
    computer = Computer().start()
    for _ in range(4):
        computer.clock.turn(60)
        computer.cut(LEFT)
        computer.cut()
    assert computer.suggested == ["mobile"]


@pytest.mark.parametrize("auto", ["suggest", "switch"])
def test_the_next_start_on_a_network_begins_as_the_last_ended(auto: str) -> None:
    computer = Computer(auto).start("home")
    computer.use("full")
    computer = computer.again("boat")
    computer.use("satellite")
    assert computer.again("home").pacing.profile.name == "full"
    assert computer.again("boat").pacing.profile.name == "satellite"
    # On a network that was never seen, with what was chosen last.
    assert computer.again("train").pacing.profile.name == "satellite"


def test_what_was_switched_to_stays_with_its_network() -> None:
    computer = Computer("switch").start("boat")
    computer.link(SATELLITE)
    assert computer.again("boat").pacing.profile.name == "satellite"
    assert computer.again("home").pacing.profile.name == "full"
    # And the user's own choice is still what it comes back to.
    back = computer.again("boat")
    back.link(GOOD, 3000)
    assert back.used[-1] == "full"


def test_another_profile_in_the_configuration_is_meant() -> None:
    computer = Computer("switch").start("boat")
    computer.link(SATELLITE)
    assert Computer("switch", computer.facts, link="metered").start("boat").pacing.profile.name == "metered"


def test_who_is_carried_to_another_network_begins_there_anew() -> None:
    computer = Computer("switch").start("boat")
    computer.link(SATELLITE)
    computer.carry("home")
    assert computer.used == ["satellite", "full"]
    computer.carry("boat")
    assert computer.used == ["satellite", "full", "satellite"]
    computer.carry()
    assert computer.used == ["satellite", "full", "satellite"]


async def test_an_account_is_told_of_what_its_link_was_measured(tmp_path: Path) -> None:
    wire = Wire(tmp_path, settings=Settings(link=Link(auto="switch"), encryption=Encryption(omemo=False)))
    await wire.online()
    for _ in range(30):
        wire.clock.turn(2)
        wire.account.life.timing.answered(2.5)
    assert wire.account.pacing.profile.name == "radio"
    assert wire.account.pacing.compressed is False
    await wire.close()


def table(folder: Path, routes: str = ROUTES, arp: str = ARP, six: str = "") -> Path:
    (folder / "route").write_text(routes)
    (folder / "arp").write_text(arp)
    (folder / "ipv6_route").write_text(six)
    return folder


def test_a_network_is_named_by_its_gateway(tmp_path: Path) -> None:
    facts = Facts()
    here = which_network.keys(facts, table(tmp_path))
    assert len(here) == 2
    assert which_network.keys(facts, table(tmp_path)) == here
    # Nothing can be read off it, and another computer calls it otherwise.
    assert not any("10.0.0.1" in one or "eth0" in one for one in here)
    assert not set(here) & set(which_network.keys(Facts(), table(tmp_path)))
    # Before the gateway has spoken, its address has to do.
    assert which_network.keys(facts, table(tmp_path, arp=ARP.splitlines()[0])) == here[1:]
    elsewhere = which_network.keys(facts, table(tmp_path, arp=ARP.replace("02:42", "02:43")))
    assert elsewhere[0] != here[0] and elsewhere[1] == here[1]


def test_a_network_without_ipv4_has_a_name_too(tmp_path: Path) -> None:
    assert len(which_network.keys(Facts(), table(tmp_path, ROUTES.splitlines()[0], "", ROUTES_6))) == 1


@pytest.mark.parametrize(
    "routes", ["", "x", "x\n1 2", ROUTES.splitlines()[0], ROUTES.replace("0100000A", "zz")]
)
def test_no_network_has_no_name(tmp_path: Path, routes: str) -> None:
    assert which_network.keys(Facts(), table(tmp_path, routes)) == ()
    assert which_network.keys(Facts(), tmp_path / "nowhere") == ()


def test_how_it_follows_the_link_may_change_while_it_runs() -> None:
    computer = Computer().start()
    computer.link(SATELLITE)
    assert (computer.suggested, computer.used) == (["satellite"], [])
    computer.adapting.follow("switch")
    assert computer.used == ["satellite"], "what was suggested is done"
    computer.adapting.follow("off")
    computer.link(Sensed(answer=4.0), 600)
    assert computer.used == ["satellite"]
    computer.adapting.follow("suggest")
    computer.link(Sensed(answer=4.0), 600)
    assert computer.suggested[-1] == "radio"
    computer.adapting.follow("off")
    assert computer.suggested[-1] == "", "and taken back"

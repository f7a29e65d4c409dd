"""Which terminal profile is used, and when another one."""

from __future__ import annotations

import pytest

from tui_xmpp.core.terminal_choice import UP_SECONDS, TerminalChoice

SSH = {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}


@pytest.mark.parametrize(
    ("environment", "name"),
    [({}, "local"), (SSH, "ssh"), ({"SSH_TTY": "/dev/pts/1"}, "ssh"), ({"MOSH_CONNECTION": "1"}, "ssh")],
)
def test_the_environment_says_what_to_begin_with(environment: dict[str, str], name: str) -> None:
    assert TerminalChoice("auto", environment).profile.name == name


@pytest.mark.parametrize(("round_trip", "rate"), [(0.26, None), (0.12, 19_000.0)])
def test_a_late_or_thin_way_is_slow_at_once(round_trip: float, rate: float | None) -> None:
    choice = TerminalChoice("auto", SSH)
    assert choice.measured(round_trip, rate, 0)
    assert choice.profile.name == "slow"


@pytest.mark.parametrize(
    ("round_trip", "rate"), [(0.24, None), (0.24, 21_000.0), (0.01, 3_000.0), (None, 3_000.0)]
)
def test_what_a_busy_machine_does_to_a_short_way_is_not_slow(
    round_trip: float | None, rate: float | None
) -> None:
    choice = TerminalChoice("auto", {})
    choice.measured(round_trip, rate, 0)
    assert choice.profile.name == "local"


def test_a_good_way_is_believed_after_minutes_without_a_break() -> None:
    choice = TerminalChoice("auto", SSH)
    choice.measured(1.0, None, 0)
    choice.measured(0.02, None, 10)
    choice.measured(0.02, None, 9 + UP_SECONDS)
    assert choice.profile.name == "slow"
    choice.measured(0.2, None, 10 + UP_SECONDS)
    choice.measured(0.02, None, 11 + UP_SECONDS)
    choice.measured(0.02, None, 10 + 2 * UP_SECONDS)
    assert choice.profile.name == "slow"
    assert choice.measured(0.02, None, 11 + 2 * UP_SECONDS)
    assert choice.profile.name == "ssh"


def test_without_an_answer_nothing_is_believed() -> None:
    choice = TerminalChoice("auto", SSH)
    choice.measured(1.0, None, 0)
    choice.measured(None, None, 1)
    choice.measured(None, None, 2 + UP_SECONDS)
    assert choice.profile.name == "slow"


@pytest.mark.parametrize("name", ["local", "ssh", "slow", "reader"])
def test_what_the_user_chose_stays(name: str) -> None:
    choice = TerminalChoice(name, SSH)
    choice.measured(3.0, 100.0, 0)
    choice.measured(0.01, None, 1)
    choice.measured(0.01, None, 2 + UP_SECONDS)
    assert choice.profile.name == name
    choice.choose("auto")
    assert choice.profile.name == "ssh"


def test_the_shown_lag_is_round_and_steady() -> None:
    choice = TerminalChoice("ssh", SSH)
    shown = []
    for round_trip in (0.05, 0.12, 0.16, 0.14, 0.31, 0.34, 0.28, 1.1, 1.3, 0.04):
        choice.measured(round_trip, None, 0)
        shown.append(choice.lag)
    assert shown == [None, 0.1, 0.1, 0.1, 0.3, 0.3, 0.3, 1.0, 1.0, None]


def test_it_follows_the_link_profile_and_comes_back() -> None:
    choice = TerminalChoice("auto", SSH)
    assert choice.link("slow") and choice.profile.name == "slow"
    assert not choice.link("slow")
    choice.measured(0.02, None, 0)
    choice.measured(0.02, None, UP_SECONDS)
    assert choice.profile.name == "slow"
    assert choice.link("") and choice.profile.name == "ssh"


def test_the_link_of_a_program_that_runs_here_is_not_the_way_to_the_eyes() -> None:
    choice = TerminalChoice("auto", {})
    assert not choice.link("slow")
    assert choice.profile.name == "local"


@pytest.mark.parametrize("chosen", ["ssh", "reader", "local"])
def test_what_was_chosen_stays_whatever_the_link_is(chosen: str) -> None:
    choice = TerminalChoice(chosen, SSH)
    assert not choice.link("slow")
    assert choice.profile.name == chosen
    choice.choose("auto")
    assert choice.profile.name == "slow"


def test_a_link_profile_that_names_no_terminal_profile_changes_nothing() -> None:
    choice = TerminalChoice("auto", SSH)
    assert not choice.link("teletype")
    assert choice.profile.name == "ssh"


def test_a_way_that_is_slow_itself_stays_so_when_the_link_is_good_again() -> None:
    choice = TerminalChoice("auto", SSH)
    choice.measured(1.0, None, 0)
    assert not choice.link("slow")
    assert not choice.link("")
    assert choice.profile.name == "slow"
    choice.measured(0.02, None, 1)
    choice.measured(0.02, None, 1 + UP_SECONDS)
    assert choice.profile.name == "ssh"

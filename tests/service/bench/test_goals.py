"""The goals' file, and how a measurement is judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from service.bench.goals import Goal, Kind, Verdict, read_goals
from service.bench.scenario import all_scenarios
from service.errors import SettingsError
from tests.service.bench.results import SIX, measurement


def test_every_goal_is_read_and_belongs_to_a_scenario() -> None:
    names = {scenario.name for scenario in all_scenarios()}
    goals = read_goals()
    assert goals["unchanged.worker"] == Goal(Kind.RATIO_AT_MOST, 6, "> 150 x")
    assert {name.partition(".")[0] for name in goals} <= names


@pytest.mark.parametrize(
    "entry",
    [
        "before = '3 x'",
        "at_most = 1\nat_least = 2",
        "most = 3",
        "at_most = 'six'",
        "at_most = 1\nlimit = 2",
        "at_most = 1\nreason = 'the disk'",
    ],
)
def test_a_goal_without_one_bound_or_a_limit_without_a_reason_is_refused(
    tmp_path: Path, entry: str
) -> None:
    path = tmp_path / "goals.toml"
    path.write_text(f'["lists.worker"]\n{entry}\n')
    with pytest.raises(SettingsError, match=r"lists\.worker"):
        read_goals(path)


@pytest.mark.parametrize(
    ("goal", "ours", "verdict"),
    [
        (SIX, 60, Verdict.MET),
        (SIX, 61, Verdict.MISSED),
        (Goal(Kind.RATIO_AT_MOST, 6, limit=8, reason="r"), 79, Verdict.LIMIT),
        (Goal(Kind.RATIO_AT_MOST, 6, limit=8, reason="r"), 81, Verdict.MISSED),
        (Goal(Kind.RATIO_AT_LEAST, 0.5), 5, Verdict.MET),
        (Goal(Kind.RATIO_AT_LEAST, 0.5), 4.9, Verdict.MISSED),
        (Goal(Kind.TIMES_FASTER, 25), 0.4, Verdict.MET),
        (Goal(Kind.TIMES_FASTER, 25), 0.5, Verdict.MISSED),
        (Goal(Kind.AT_MOST, 160), 160, Verdict.MET),
        (Goal(Kind.AT_MOST, 160), 161, Verdict.MISSED),
        (Goal(Kind.AT_LEAST, 100), 99, Verdict.MISSED),
    ],
)
def test_each_kind_of_bound_is_compared_from_its_side(
    goal: Goal, ours: float, verdict: Verdict
) -> None:
    assert goal.judge(measurement(ours), is_loaded=False) is verdict


def test_a_loaded_machine_judges_only_what_is_far_from_the_goal() -> None:
    assert SIX.judge(measurement(40), is_loaded=True) is Verdict.UNJUDGED
    assert SIX.judge(measurement(90), is_loaded=True) is Verdict.UNJUDGED
    assert SIX.judge(measurement(20), is_loaded=True) is Verdict.MET
    assert SIX.judge(measurement(130), is_loaded=True) is Verdict.MISSED


def test_a_loaded_machine_judges_no_time_but_memory() -> None:
    goal = Goal(Kind.AT_MOST, 160)
    assert goal.judge(measurement(900), is_loaded=True) is Verdict.UNJUDGED
    assert goal.judge(measurement(150), is_loaded=True) is Verdict.MET
    memory = replace(measurement(900), unit="MB")
    assert goal.judge(memory, is_loaded=True) is Verdict.MISSED


def test_a_ratio_without_its_peer_is_not_judged() -> None:
    assert SIX.judge(measurement(1, None), is_loaded=False) is Verdict.UNJUDGED

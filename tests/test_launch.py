"""How many processes share the cores."""

from __future__ import annotations

import pytest

from benchmark import launch


def seconds_of_turns(trainings: int, processes: int, cores: int) -> float:
    """How long trainings of one second take on a machine that gives every process an equal share, step by step."""
    waiting, running, now = trainings, [], 0.0
    while waiting or running:
        started = min(waiting, processes - len(running))
        waiting, running = waiting - started, running + [1.0] * started
        speed = min(1.0, cores / len(running))
        step = min(running) / speed
        running = [left - step * speed for left in running if left - step * speed > 1e-9]
        now += step
    return now


@pytest.mark.parametrize("cores", [1, 2, 4, 8])
@pytest.mark.parametrize("trainings", [0, 1, 2, 3, 5, 7, 10, 20, 40])
def test_default_workers_finish_trainings_nearly_as_soon_as_any_number(monkeypatch, cores, trainings):
    monkeypatch.setattr(launch, "available_cores", lambda: cores)
    found = launch.default_workers(trainings)
    best = min(seconds_of_turns(trainings, processes, cores) for processes in range(cores, 2 * cores))
    assert cores <= found < 2 * cores
    assert seconds_of_turns(trainings, found, cores) <= best / launch.WORTH_TAKING_TURNS + 1e-9


def test_three_trainings_on_two_cores_take_turns(monkeypatch):
    monkeypatch.setattr(launch, "available_cores", lambda: 2)
    assert [launch.default_workers(trainings) for trainings in (0, 1, 2, 3, 4, 5, 10)] == [2, 2, 2, 3, 2, 3, 2]


def test_at_most_one_process_for_each_of_eight_cores(monkeypatch):
    monkeypatch.setattr(launch, "available_cores", lambda: 64)
    assert launch.default_workers() == 8

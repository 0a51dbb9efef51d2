import pytest

from benchmark.effort import Effort, are_development, effort_of
from benchmark.errors import MettleError

FIRST, SECOND = "a" * 64, "b" * 64


def test_development_seeds_count_from_one_whatever_the_artifact():
    assert [Effort().seed(sha256, run) for sha256 in (FIRST, SECOND) for run in range(3)] == [1, 2, 3, 1, 2, 3]


def test_official_seeds_depend_on_the_artifact_the_salt_and_the_run():
    seeds = {
        Effort(salt=salt).seed(sha256, run)
        for salt in ("one salt of ours", "another of ours")
        for sha256 in (FIRST, SECOND)
        for run in range(5)
    }
    assert len(seeds) == 20
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert Effort(salt="one salt of ours").seed(FIRST, 3) == Effort("quick", "one salt of ours").seed(FIRST, 3)


def test_seeds_of_a_record_are_taken_as_they_are():
    effort = Effort(salt="not asked for this", seeds=((FIRST, (7, 9)),))
    assert [effort.seed(FIRST, run) for run in range(2)] == [7, 9]
    with pytest.raises(MettleError, match="2 runs of aaaaaaaaaaaa"):
        effort.seed(FIRST, 2)
    with pytest.raises(MettleError, match="0 runs of bbbbbbbbbbbb"):
        effort.seed(SECOND, 0)


def test_an_effort_knows_its_own_seeds_of_every_artifact():
    ours = Effort(salt="one salt of ours")
    drawn = {sha256: [ours.seed(sha256, run) for run in range(3)] for sha256 in (FIRST, SECOND)}
    assert ours.gives(drawn)
    assert not Effort(salt="another of ours").gives(drawn)
    assert not ours.gives(drawn | {SECOND: drawn[FIRST]})
    assert not ours.gives(drawn | {SECOND: [*drawn[SECOND][:2], 3]})


def test_development_seeds_of_one_artifact_are_enough():
    assert are_development({FIRST: [1, 2, 3]})
    assert are_development({FIRST: [7, 9], SECOND: [1]})
    assert not are_development({FIRST: [7, 9], SECOND: [1, 3]})
    assert not are_development({})


def test_options_of_the_command_line(tmp_path):
    assert effort_of(False, False, None) == Effort()
    assert effort_of(True, False, None).tier == "quick"
    assert effort_of(False, True, None).tier == "fast"
    with pytest.raises(MettleError, match="Choose one"):
        effort_of(True, True, None)
    salt = tmp_path / "salt"
    salt.write_text("a salt that is long enough\n")
    assert effort_of(False, False, salt).salt == "a salt that is long enough"
    salt.write_text("short")
    with pytest.raises(MettleError, match="at least 16 characters"):
        effort_of(False, False, salt)
    with pytest.raises(MettleError, match="--salt-file"):
        effort_of(False, False, tmp_path / "absent")

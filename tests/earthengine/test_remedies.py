"""What becomes of requests that are too heavy, of a server that is away, of a used up quota."""

import pytest

from forestflux.core.grids.places import TowerPlace
from forestflux.core.input_errors import InputError
from tests.earthengine.emulator.archives.standin import FOUR_SITES, YEAR, access, column
from tests.earthengine.emulator.faults import Fault

pytestmark = pytest.mark.usefixtures("no_waiting")

ONE_SITE = FOUR_SITES.iloc[2:3].reset_index(drop=True)


@pytest.fixture
def wanted(products):
    return column(products, "tower", "et")


@pytest.fixture
def right(open_source, wanted, tmp_path):
    """What the tower holds when nothing goes wrong."""
    _, source = open_source(cache=str(tmp_path / "right"))
    return source.fetch(wanted, TowerPlace(ONE_SITE), YEAR)


def attempts_at(emulator, pixels):
    """How often windows of so many pixels were asked for."""
    sizes = [record.grid["dimensions"] for record in emulator.of()]
    return sum(size["width"] * size["height"] == pixels for size in sizes)


def test_a_memory_limit_halves_at_once_whatever_its_status(open_source, wanted, right):
    emulator, source = open_source()
    emulator.faults = [Fault("capacity", larger_than=14)]
    assert source.fetch(wanted, TowerPlace(ONE_SITE), YEAR).identical(right)
    assert attempts_at(emulator, 25) == 1


@pytest.mark.parametrize("kind", ["500", "502", "503", "late"])
def test_a_window_that_gets_no_answer_is_halved(open_source, wanted, right, kind):
    """A limit may come with a text that does not name it."""
    emulator, source = open_source(attempts=3)
    emulator.faults = [Fault(kind, larger_than=9)]
    assert source.fetch(wanted, TowerPlace(ONE_SITE), YEAR).identical(right)
    assert attempts_at(emulator, 25) == attempts_at(emulator, 15) == 3
    # How it was divided is remembered.
    emulator.clear()
    assert source.fetch(wanted, TowerPlace(ONE_SITE), YEAR).identical(right)
    assert not emulator.of()


@pytest.mark.parametrize("kind", ["silent", "stalled"])
def test_silence_of_a_window_halves_it(
    open_source, wanted, right, short_deadline, kind
):
    emulator, source = open_source(attempts=2)
    short_deadline(source, 1)
    emulator.faults = [Fault(kind, larger_than=15)]
    assert source.fetch(wanted, TowerPlace(ONE_SITE), YEAR).identical(right)
    assert attempts_at(emulator, 25) == 2


def test_a_server_that_is_away_is_not_asked_for_ever_smaller_windows(
    open_source, wanted
):
    emulator, source = open_source(attempts=3)
    emulator.faults = [Fault("503")]
    with pytest.raises(InputError, match="an answer to one of 3 attempts") as error:
        source.fetch(wanted, TowerPlace(ONE_SITE), YEAR)
    assert "\n" not in str(error.value)
    assert len(emulator.of()) == 6
    assert attempts_at(emulator, 1) == 3
    emulator.faults = []
    emulator.clear()
    source.fetch(wanted, TowerPlace(ONE_SITE), YEAR)
    assert [record.status for record in emulator.of()] == [200]  # as a whole


@pytest.mark.parametrize("kind", ["daily", "metric"])
def test_a_used_up_quota_ends_with_one_line_and_goes_on_later(
    open_source, products, kind
):
    emulator, source = open_source(in_flight=1)
    wanted, place = column(products, "tower"), TowerPlace(ONE_SITE)
    emulator.faults = [Fault(kind, containing="MOD16A2GF")]
    with pytest.raises(InputError, match="quota of the day is used up") as error:
        source.fetch(wanted, place, YEAR)
    line = str(error.value)
    assert "\n" not in line
    assert f"kept in {source.downloads.cache.folder}" in line
    assert "the same command goes on tomorrow" in line
    assert sum(record.fault == kind for record in emulator.of()) == 1
    emulator.faults = []
    source.fetch(wanted, place, YEAR)
    assert set(emulator.finished().values()) == {1}


@pytest.mark.parametrize("seconds", [1, 299.9])
def test_a_deadline_before_the_end_of_a_computation_is_refused(seconds):
    with pytest.raises(
        InputError, match=r"earthengine\.deadline_s: expected at least 300"
    ):
        access("http://127.0.0.1:9", deadline_s=seconds)
    assert access("http://127.0.0.1:9", deadline_s=300)["deadline_s"] == 300

"""The user's monthly fluxes at the door: what is read, and one line for each kind of bad input."""

import numpy as np
import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.core.reading.yaml_files import read_yaml
from forestflux.jobs.configuration import read_configuration
from forestflux.towers.site_months import read_site_months
from forestflux.towers.tower_schemas import SITE_MONTHS
from forestflux.towers.tower_years import require_months
from tests.builders.paths import REAL_DATA, ROOT
from tests.builders.tower_folders import read_towers, tower_folder, write_months

REAL = REAL_DATA / "towers"


@pytest.fixture
def folder(tmp_path):
    return write_months(tower_folder(tmp_path / "towers"))


def read(folder):
    return read_site_months(folder / "site_months.csv", *read_towers(folder))


def change(folder, edit):
    path = folder / "site_months.csv"
    edit(pd.read_csv(path)).to_csv(path, index=False)


def test_months_come_in_order_and_close_the_budget(folder):
    change(folder, lambda table: table.iloc[::-1].assign(days=30))
    months = read(folder)
    assert list(months) == SITE_MONTHS.names
    assert months["month"].tolist()[:12] == list(range(1, 13))
    np.testing.assert_allclose(months["reco"], months["gpp"] + months["nee"])
    _, site_years = read_towers(folder)
    totals = months.groupby(["site", "year"])["gpp"].sum().to_numpy()
    np.testing.assert_allclose(totals, site_years["gpp"], atol=0.1)


def test_towers_without_months_are_no_fault(folder):
    change(folder, lambda table: table[table["site"] == "F0"])
    assert read(folder)["site"].unique().tolist() == ["F0"]


def put(column, value, row=1):
    def edit(table):
        table = table.astype({column: object})
        table.loc[row, column] = value
        return table

    return edit


def swell(table):
    """Rates per day for sums of a month, at the last tower."""
    own = table["site"] == "X1"
    return table.assign(gpp=table["gpp"].where(~own, table["gpp"] / 30))


BAD = {
    "a month that is none": (
        put("month", 13),
        "month: expected a whole number from 1 to 12, found '13' on line 3 (F0)",
    ),
    "a month twice": (
        put("month", 1),
        "month: expected each site, year and month once, found '1' on line 3 (F0)",
    ),
    "twelve rows with a gap": (
        put("nee", np.nan),
        "nee: expected a number: a year with a gap in its months has no rows,"
        " found an empty cell on line 3 (F0)",
    ),
    "a year that stops in May": (
        lambda table: table[(table["year"] != 2004) | (table["month"] <= 5)],
        "month: expected all 12 months of a year, or no row,"
        " found 5 at F0 in 2004 (month 6 is missing)",
    ),
    "another tower": (
        put("site", "XX-Foo"),
        "site: expected a site of sites.csv, found 'XX-Foo' on line 3",
    ),
    "a year without an annual flux": (
        put("year", 1999),
        "year: expected a year that site_years.csv has of the site,"
        " found '1999' on line 3 (F0)",
    ),
    "a written year": (
        put("year", "2003.5"),
        "year: expected a whole year such as 2003, found '2003.5' on line 3 (F0)",
    ),
    "a fill": (
        put("gpp", -9999),
        "gpp: expected an empty cell where there is no value, found '-9999' on line 3",
    ),
    "rates for sums": (
        swell,
        "gpp: expected gC m-2 month-1, twelve months that add up to the year within"
        " 50 gC m-2 yr-1 or 5% of GPP, found ",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_months_stop_with_one_line(folder, case):
    edit, line = BAD[case]
    change(folder, edit)
    with pytest.raises(InputError) as caught:
        read(folder)
    text = str(caught.value)
    assert text.startswith(f"{folder}/site_months.csv: {line}")
    assert "\n" not in text


def test_months_that_do_not_add_up_name_site_year_and_how_many_more(folder):
    change(folder, swell)
    with pytest.raises(InputError, match=r"of the year at X1 in 2003 and 1 more such"):
        read(folder)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real towers in {REAL}")
def test_real_months_add_up_to_the_year():
    sites, site_years = read_towers(REAL)
    months = read_site_months(REAL / "site_months.csv", sites, site_years)
    assert len(months) == 12 * len(site_years)


def configure(folder, *, months):
    given = read_yaml(ROOT / "config/config.yaml")
    return read_configuration(
        given | {"towers": {"folder": str(folder)}, "fluxes": {"months": months}}
    )


def test_months_without_their_table_are_refused_before_any_job(tmp_path):
    folder = tower_folder(tmp_path / "towers")
    require_months(configure(folder, months=False))
    with pytest.raises(InputError) as caught:
        require_months(configure(folder, months=True))
    assert str(caught.value) == (
        f"{folder}/site_months.csv: fluxes.months: expected false, or a table of monthly"
        " fluxes (docs/how-to/own-towers.md), found no such file"
    )
    require_months(configure(write_months(folder), months=True))

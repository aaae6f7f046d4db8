"""Months of FLUXNET files: every resolution, incomplete years, years that do not add up."""

import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.jobs.manifests import write_manifest
from forestflux.jobs.settings.tower_settings import FluxnetSettings
from forestflux.jobs.table_files import write_rows
from forestflux.towers.fluxnet.file_names import list_fluxnet_files
from forestflux.towers.fluxnet.fluxnet_months import collect_site_months
from forestflux.towers.fluxnet.monthly_table import read_months
from forestflux.towers.fluxnet.site_reader import read_site
from forestflux.towers.fluxnet.site_record import MonthsRecord
from forestflux.towers.tower_schemas import FLUXNET_MONTHS, SITE_MONTHS
from tests.builders.fluxnet_files import CARBON, half_hours, write_site

YEARS = (2003, 2004)


def collect(folder, *, skip_faulty=False):
    """What the rules of archives and towers make of a folder: months, left out, years."""
    settings = FluxnetSettings()
    out = folder.parent / "results"
    out.mkdir(exist_ok=True)
    tables, years = [], []
    for site, files in list_fluxnet_files(folder).sites.items():
        rows, record = read_months(site, files, settings=settings)
        tables.append(out / f"{site}.months.csv")
        write_rows(tables[-1], rows, FLUXNET_MONTHS.names)
        file = tables[-1].with_suffix(".json")
        write_manifest(file, MonthsRecord.read(record, file))
        years += read_site(site, files, settings=settings)[0]
    annual = pd.DataFrame(years)
    months, left = collect_site_months(tables, annual, skip_faulty=skip_faulty)
    return months, left, annual


@pytest.mark.parametrize("resolution", ["MM", "WW", "DD", "HH"])
def test_every_resolution_gives_the_months(tmp_path, resolution):
    write_site(tmp_path / "a", "DE-Aaa", YEARS, resolutions=("YY", resolution), seed=3)
    months, left, annual = collect(tmp_path / "a")
    assert left.empty
    assert list(months) == SITE_MONTHS.names
    assert len(months) == 24
    # Weeks across two months are shared by days; all else is exact.
    hours = half_hours(YEARS, seed=3)
    july = hours[(hours.index.year == 2004) & (hours.index.month == 7)]
    expected = july["gpp"].sum() * CARBON * 1800
    found = months.loc[(months["year"] == 2004) & (months["month"] == 7), "gpp"]
    tolerance = 0.02 if resolution == "WW" else 1e-8
    assert found.item() == pytest.approx(expected, rel=tolerance)
    totals = months.groupby("year")["gpp"].sum().to_numpy()
    assert totals == pytest.approx(annual["gpp"].to_numpy(), rel=1e-6)


def test_a_site_with_a_table_of_years_only_has_no_months(tmp_path):
    write_site(tmp_path / "a", "DE-Aaa", YEARS, resolutions=("YY",))
    write_site(tmp_path / "a", "DE-Bbb", YEARS, resolutions=("YY", "MM"))
    months, left, _ = collect(tmp_path / "a")
    assert months["site"].unique().tolist() == ["DE-Bbb"]
    assert left["site"].tolist() == ["DE-Aaa"]
    assert left["reason"].tolist() == ["there is a table of years only"]


def test_days_that_stop_in_may_leave_the_year_without_months(tmp_path):
    def stop(table):
        stamps = table["TIMESTAMP"]
        return table[(stamps.str.len() == 4) | (stamps < "20040526")]

    write_site(tmp_path / "a", "DE-Aaa", YEARS, resolutions=("YY", "DD"), change=stop)
    months, left, _ = collect(tmp_path / "a")
    assert months["year"].unique().tolist() == [2003]
    assert left["year"].tolist() == [2004]
    # 25 of 31 days of May are there.
    assert left["reason"].tolist() == [
        "below 80% of the days in month 6, 7, 8, 9, 10, 11, 12"
    ]


def double_year(table):
    if table["TIMESTAMP"].str.len().eq(4).all():
        return table
    late = table["TIMESTAMP"].str.startswith("2004")
    return table.assign(GPP_NT_VUT_REF=table["GPP_NT_VUT_REF"] * (1 + late))


def test_months_that_do_not_add_up_end_the_run_or_are_left_out(tmp_path):
    folder = tmp_path / "a"
    write_site(folder, "DE-Aaa", YEARS, resolutions=("YY", "DD"), change=double_year)
    with pytest.raises(InputError) as caught:
        collect(folder)
    line = str(caught.value)
    assert "DE-Aaa: gpp: expected months that add up to the year, found " in line
    assert "at DE-Aaa in 2004 (fluxnet.skip_faulty: true" in line
    months, left, _ = collect(folder, skip_faulty=True)
    assert months["year"].unique().tolist() == [2003]
    assert left["year"].tolist() == [2004]


def test_a_damaged_site_is_a_fault_of_its_months_too(tmp_path):
    folder = tmp_path / "a"
    write_site(folder, "DE-Bbb", YEARS, resolutions=("YY", "MM"))
    path = write_site(folder, "DE-Aaa", YEARS, resolutions=("YY", "MM"))
    path.write_bytes(path.read_bytes()[:2000])
    rows, record = read_months("DE-Aaa", [path], settings=FluxnetSettings())
    assert rows == []
    assert record["fault"]["expected"] == "a whole zip file"

"""What a run says of one region and year: numbers with intervals, and the words to read them."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from forestflux.change.change_schemas import REGION_CHANGES, REGIONS
from forestflux.change.region_definitions import (
    ALL_FORESTS,
    define_region,
    label_kind,
)
from forestflux.core.input_errors import InputError
from forestflux.core.interval_text import write_interval
from forestflux.core.names import FLUX_UNIT, FLUXES
from forestflux.core.total_units import TotalUnit, choose_total_unit
from forestflux.evaluation.evaluation_schemas import COVERAGE, INTERANNUAL, RECOVERY
from forestflux.evaluation.evidence import explain_differences
from forestflux.evaluation.known_truth import (
    ON_EARTH,
    describe_coverage,
    describe_sink,
)
from forestflux.jobs.settings.map_settings import NO_LICENSE
from forestflux.jobs.tables import TableSchema
from forestflux.publish.months.region_season import (
    describe_season,
    read_region_months,
)
from forestflux.publish.region_search import Region, find_region

# Columns that say which row it is.
KEYS = ("year", "stratum", "kind", "code", "variable", "status")
SIMULATED = " The planet is simulated, not the Earth."
INPUTS = "CO2, fire, harvest and age are no inputs. NEE is no carbon budget."


@dataclass(frozen=True, repr=False)
class RegionAnswer:
    """What a run says of one region.

    Attributes
    ----------
    region : name, kind and code
    year : of the text
    data : variables of `change/regions.csv` (flux, year) and of
        `change/region_changes.csv` (flux), each with its unit
    months : `mean` and `total` (flux, year, month) of `months/region_months.csv`; None of a run
        without months
    text : what to know of the year in about twelve lines; `print` shows it
    """

    region: Region
    year: int
    data: xr.Dataset
    months: xr.Dataset | None
    text: str

    def __repr__(self) -> str:
        """The text, so that a notebook shows it as well."""
        return self.text


@dataclass(frozen=True)
class Known:
    """What is known of the worth of the numbers, in sentences.

    Attributes
    ----------
    evidence : how much of the differences between years the inputs explain
    coverage : how often intervals hold the truth of a simulated planet; else empty
    sink : how the sink is off
    simulated : whether the planet is not the Earth
    """

    evidence: str
    coverage: str
    sink: str
    simulated: bool


def find_run_folder(path: Path) -> Path:
    """Folder of the run to which a product belongs.

    Raises
    ------
    InputError : no folder above the product has the tables of regions
    """
    for folder in (path, *path.absolute().parents[:3]):
        if (folder / REGIONS.path).is_file():
            return folder
    raise InputError(
        path,
        variable="region",
        expected=f"a product in the folder of its run, which has {REGIONS.path}",
        found="none there",
    )


def answer_region(
    path: Path,
    name: str,
    *,
    year: int,
    kind: str | None,
    about: dict[str, str],
) -> RegionAnswer:
    """What the run of a product says of a region in a year.

    Parameters
    ----------
    path : the product
    name : of the region, or its ISO code
    year : a mapped one
    kind : of the region, where several kinds have the name
    about : global attributes of the product

    Raises
    ------
    InputError : a table is missing; no region or several are meant; the year is not mapped
    """
    folder = find_run_folder(path)
    changes = REGION_CHANGES.read(folder)
    region = find_region(changes, name, kind=kind, source=folder / REGION_CHANGES.path)
    series = REGIONS.read(folder)
    data = select_region(series, REGIONS, region, keys=["variable", "year"])
    years = data["year"].values.tolist()
    if year not in years:
        raise InputError(
            folder / REGIONS.path,
            variable="year",
            expected=f"one of {', '.join(map(str, years))}",
            found=str(year),
        )
    changed = select_region(changes, REGION_CHANGES, region, keys=["variable"])
    data = data.merge(changed.drop_vars("level"), join="exact")
    months = read_region_months(folder, region, data)
    known = read_known(folder, region, year, about)
    text = write_answer(region, year, data, months, about, known)
    return RegionAnswer(region, year, data, months, text)


def read_known(folder: Path, region: Region, year: int, about: dict[str, str]) -> Known:
    """What the tables of a run say of the worth of its numbers."""
    simulated = "simulated planet" in about.get("source", "")
    interannual = INTERANNUAL.read(folder, empty=True)
    evidence = explain_differences(interannual, simulated=simulated)
    if not (folder / RECOVERY.path).is_file():
        return Known(evidence, "", f"{ON_EARTH}.", simulated=simulated)
    return Known(
        evidence,
        describe_coverage(COVERAGE.read(folder), (region.kind,)),
        describe_sink(RECOVERY.read(folder), year),
        simulated=simulated,
    )


def select_region(
    table: pd.DataFrame, schema: TableSchema, region: Region, *, keys: list[str]
) -> xr.Dataset:
    """The rows of a region as arrays, by flux and, where they have one, by year."""
    own = (table["stratum"] == region.name) & (table["kind"] == region.kind)
    names = [name for name in schema.names if name not in KEYS]
    data = table[own].set_index(keys)[names].to_xarray()
    units = {column.name: column.unit for column in schema.columns}
    for name in names:
        data[name].attrs = {"units": units[name]} if units[name] else {}
    return data.rename(variable="flux").sel(flux=list(FLUXES))


def write_answer(
    region: Region,
    year: int,
    data: xr.Dataset,
    months: xr.Dataset | None,
    about: dict[str, str],
    known: Known,
) -> str:
    """The answer in about twelve lines; one more of a run with months."""
    now = data.sel(year=year)
    level = f"{100 * float(now['level'][0]):g} %"
    unit = choose_total_unit(float(now["total"].sel(flux="gpp")))
    first, second = (int(data[f"{n}_year"][0]) for n in ("first", "second"))
    years = data["year"].values
    planet = SIMULATED if known.simulated else ""
    sure = (
        f"Intervals are {level}, of the errors at towers never seen. {known.coverage}"
    )
    lines = [
        ("Region", f"{name_forest(region)} in {year}"),
        ("Meaning", define_region(region.kind)),
        *(
            (flux.upper(), write_year(now.sel(flux=flux), unit, level))
            for flux in FLUXES
        ),
        (
            "Forest",
            f"{float(now['area'][0]) * 1e-10:,.1f} million ha,"
            f" {100 * float(now['applicable'][0]):.0f} % inside the area of applicability;"
            " outside it nothing is promised",
        ),
        *(
            [("Season", describe_season(months, year, unit))]
            if months is not None and year in months["year"]
            else []
        ),
        (
            "Change",
            write_change(
                data, "change", f"{first} to {second}", (unit.total, unit.factor)
            ),
        ),
        (
            "Trend",
            write_change(
                data,
                "slope",
                f"{years[0]}-{years[-1]}",
                (unit.slope, unit.factor),
            ),
        ),
        ("Sure", sure.rstrip()),
        ("Evidence", known.evidence),
        ("Beware", f"Negative NEE is uptake. {known.sink} {INPUTS}{planet}"),
        ("Cite", cite(about)),
    ]
    return "\n".join(f"{head:<9} {text}" for head, text in lines if text)


def name_forest(region: Region) -> str:
    """What the numbers are of: `Finland (country, FIN), its forest`, `all forests`."""
    if region.kind == "all":
        return ALL_FORESTS
    code = f", {region.code}" if region.code else ""
    return f"{region.name} ({label_kind(region.kind)}{code}), its forest"


def write_year(now: xr.Dataset, unit: TotalUnit, level: str) -> str:
    """Total and mean of a flux with their intervals."""
    total = write_with_ends(now, "total", factor=unit.factor)
    mean = write_with_ends(now, "mean")
    return f"{total} {unit.total} ({level} interval); {mean} {FLUX_UNIT} of forest"


def write_change(
    data: xr.Dataset, name: str, span: str, scale: tuple[str, float]
) -> str:
    """Change or slope of each flux with its interval, and whether it could be zero."""
    unit, factor = scale
    parts = []
    for flux in FLUXES:
        own = data.sel(flux=flux)
        ends = [float(own[f"{name}_{end}"]) for end in ("lower", "upper")]
        words = ", could be zero" if ends[0] <= 0 <= ends[1] else ""
        value = write_with_ends(own, name, factor=factor, plus=True)
        parts.append(f"{flux.upper()} {value}{words}")
    return f"{span}: {'; '.join(parts)} ({unit})"


def write_with_ends(
    data: xr.Dataset, name: str, *, factor: float = 1.0, plus: bool = False
) -> str:
    """A number of a flux with its interval, in a unit of which it has `factor`."""
    ends = (float(data[name + end]) * factor for end in ("", "_lower", "_upper"))
    return write_interval(*ends, plus=plus)


def cite(about: dict[str, str]) -> str:
    """Software, run, method and towers."""
    version = about.get("history", "forestflux").partition(",")[0]
    reference = about.get("references", "").partition(";")[0]
    chosen = about.get("license", NO_LICENSE)
    terms = "none is chosen" if chosen == NO_LICENSE else chosen
    return (
        f"{version}, run {about.get('run', 'not named')}; {reference}; the towers of the"
        " run (samples/bibliography.md, if their archive has citations). Licence of the"
        f" maps: {terms}."
    )

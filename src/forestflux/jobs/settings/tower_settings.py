"""Settings: towers, fluxnet."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from forestflux.core.names import OTHER_CLASSES
from forestflux.jobs.settings.section import (
    PlainPath,
    Section,
    Unique,
    YearsInOrder,
    key,
)

TowerYear = Annotated[int, Field(ge=1980, le=2100)]


class TowerSettings(Section):
    """Flux towers, the labels of the training."""

    folder: Annotated[str | None, PlainPath] = key(None, unit="path")
    """Folder with `sites.csv`, `site_years.csv` and `predictors_8day.parquet` or `.csv`
    (docs/how-to/own-towers.md), relative to the working directory; null for the simulated
    towers.
    """

    fluxnet: Annotated[str | None, PlainPath] = key(None, unit="path")
    """Folder of FLUXNET archives (zip files or unpacked), which then give towers and
    fluxes, relative to the working directory. `towers.folder` beside it may hold no
    `site_years.csv`, whose fluxes nobody would read.
    """

    subsets: Annotated[str | None, PlainPath] = key(None, unit="path")
    """Folder of MODIS subsets (ORNL CSV or JSON, AppEEARS CSV; docs/how-to/modis-subsets.md),
    relative to the working directory. They give the variables that they hold,
    `predictors_8day` of `towers.folder` the others.
    """

    holdout: Annotated[tuple[str, ...], Unique] = key((), unit="site codes")
    """Towers kept out of every training, tuning, normalisation and calibration step and
    scored apart.
    """

    confirmed: Annotated[tuple[str, ...], Unique] = key((), unit="site codes")
    """Towers whose fluxes and place you have checked: what is doubtful about them, such as a
    unit, a sign or exchanged coordinates, is accepted.
    """

    years: Annotated[tuple[TowerYear, TowerYear] | None, YearsInOrder] = key(
        None, unit="years"
    )
    """First and last tower year; null for all years of the table, or the mapped years
    on the simulated planet.
    """

    check_sign: bool = True
    """Whether NEE is refused as having the other sign when a forest tower releases a
    quarter more than it takes up, or 4 of 5 forest towers (of 5 or more) are sources of
    carbon in the median; false for towers that are sources.
    """


def refuse_forest_class(name: str) -> str:
    """The name of an IGBP class as it is; refused if it is a forest or no class at all."""
    if name not in OTHER_CLASSES:
        raise ValueError(f"one of {', '.join(OTHER_CLASSES)}")
    return name


class FluxnetSettings(Section):
    """How annual fluxes are read from `towers.fluxnet` (docs/how-to/fluxnet-archives.md)."""

    partitioning: Literal["night", "day"] = "night"
    """Whose GPP and RECO are the labels, those of the night-time (NT) or of the day-
    time (DT) partitioning; both GPP are kept in the table.
    """

    threshold: Literal["VUT", "CUT"] = "VUT"
    """Friction velocity thresholds that vary by year (VUT) or are constant (CUT, absent
    in SUBSET files and short records).
    """

    reco: Literal["partitioned", "closed"] = "partitioned"
    """RECO of the same partitioning, and years whose RECO is not GPP + NEE within 50 gC
    m-2 yr-1 are faults; or `closed`, RECO = GPP + NEE.
    """

    min_completeness: float = key(0.98, unit="share of the year", le=1, gt=0)
    """Least share of a year with values; years with less leave, and what is missing of
    others counts as the mean of the rest.
    """

    classes: dict[
        Annotated[str, AfterValidator(refuse_forest_class)],
        Literal["ENF", "EBF", "DNF", "DBF", "MF"],
    ] = key({}, unit="forest type by IGBP class")
    """Further IGBP classes that count as a forest, such as {WSA: EBF}; the five forest
    classes count as they are.
    """

    versions: Literal["refuse", "newest"] = "refuse"
    """What happens with several releases of one site, a fault or the newest (any other
    product before FLUXNET2015, then the last year, then the version of one product).
    """

    skip_faulty: bool = False
    """Whether a faulty site or year is left out and listed in `towers/left_out.csv`, so
    that the others go on; else the first fault ends the run.
    """

    max_file_gb: float = key(4.0, unit="GB", gt=0)
    """Largest file, unpacked; a guard against zip bombs. Half-hourly FULLSET files of
    20 years have about 1 GB.
    """

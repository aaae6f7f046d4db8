"""Settings: planet, earthengine, preview."""

from typing import Annotated

from pydantic import AfterValidator

from forestflux.jobs.settings.section import Section, Unique, key


class UnseenSettings(Section):
    """What no input of the simulated planet shows; these defaults are those of the easy planet."""

    soil: float = key(0.04, unit="1", ge=0, le=0.3)
    """Standard deviation of a factor on the GPP of a place."""

    age: float = key(0.30, unit="1", ge=0, le=3)
    """Standard deviation of a factor on the sink of a place."""

    management: float = key(0.0, unit="1", ge=0, le=0.3)
    """Standard deviation of a factor on the GPP of a single year, half of its variance
    shared over 1000 km.
    """

    soil_years: float = key(0.0, unit="1", ge=0, le=0.3)
    """The same of the respiration of the soil."""

    buffering: float = key(0.0, unit="1", ge=0, le=1)
    """Share of the effect of a year's weather on GPP that the forest does not show."""

    late_weather: float = key(0.0, unit="1", ge=-5, le=5)
    """Relative change of the soil's respiration by the wetness of the year before, whose
    scale is from 0 to 1.
    """

    tower_gpp: float = key(0.0, unit="1", ge=0, le=0.5)
    """Standard deviation of the relative error that a tower's GPP keeps for all of its
    years: its footprint is not the cell.
    """

    tower_nee: float = key(0.0, unit="gC m-2 yr-1", ge=0, le=1000)
    """The same of NEE, absolute."""


class PlanetSettings(Section):
    """The simulated planet, whose true fluxes are known everywhere."""

    greening_percent_per_decade: float = key(
        4.0, unit="percent per decade", ge=-50, le=50
    )
    """Planted growth of canopy and GPP from 2001 to 2020; 0.6 times as much in the
    tropics, 1.4 times in the boreal zone.
    """

    warming_k_per_decade: float = key(0.0, unit="K per decade", ge=-2, le=2)
    """Planted warming from 2001 to 2020, the same everywhere."""

    co2_percent_per_decade: float = key(0.0, unit="percent per decade", ge=-20, le=20)
    """Planted growth of GPP from 2001 to 2020 that the canopy does not show, as that by
    CO2 in the air.
    """

    unseen: UnseenSettings = UnseenSettings()

    disturbed_share: float = key(0.03, unit="1", ge=0, le=1)
    """Share of forest cells that lose their canopy once between 2004 and 2016."""

    cloudiness: float = key(1.0, unit="1", ge=0, le=5)
    """Multiplies the chance of a cloud gap."""


LONGEST_COMPUTATION_S = 300


def check_deadline(seconds: float) -> float:
    """The deadline of a request as it is; one before the end of its computation is refused."""
    if seconds < LONGEST_COMPUTATION_S:
        raise ValueError(
            f"at least {LONGEST_COMPUTATION_S}, because Earth Engine computes for so long"
            " and would have more requests in flight than are allowed"
        )
    return seconds


class EarthEngineSettings(Section):
    """The source `earthengine`, see docs/how-to/earth-engine.md.

    None of these keys but `forest_only` changes a number.
    """

    url: str = key(
        "https://earthengine-highvolume.googleapis.com",
        unit="address",
        runtime=True,
        pattern=r"^https?://",
    )
    """The server; any that speaks the protocol of Earth Engine can stand in."""

    project: str | None = key(None, unit="project id", runtime=True)
    """Google Cloud project that is registered for Earth Engine and whose quota is used;
    null takes the environment variable EE_PROJECT.
    """

    credentials: str | None = key(None, unit="path", runtime=True)
    """JSON key file of a service account; null takes the environment variable
    EE_CREDENTIALS, else what `earthengine authenticate` left on this machine.
    """

    in_flight: int = key(20, unit="requests", runtime=True, ge=1, le=1000)
    """Most requests under way at once, over all jobs that share the cache folder; Earth
    Engine allows 40 per project.
    """

    deadline_s: Annotated[float, AfterValidator(check_deadline)] = key(
        330, unit="s", runtime=True
    )
    """Time after which a request counts as lost and is sent again, at least 300: Earth
    Engine itself ends it then, and a shorter one would leave it running there.
    """

    attempts: int = key(8, unit="attempts", runtime=True, ge=1)
    """How often a request is sent before the job fails, when the server is busy or the
    answer is lost on the way.
    """

    memory_mib: int = key(400, unit="MiB", runtime=True, ge=64)
    """Memory of a job for answers; with less, large requests wait for one another."""

    cache: str = key("resources/earthengine", unit="path", runtime=True)
    """Folder of all answers, relative to the working directory; it outlives results and
    may be shared by runs.
    """

    workload_tag: str = key(
        "forestflux",
        unit="text",
        runtime=True,
        pattern=r"^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$",
    )
    """Beginning of the workload tag of every request; product and year follow."""

    forest_only: bool = True
    """Whether tiles are asked only where the land cover of the year has forest; the
    rest stays absent.
    """


class PreviewSettings(Section):
    """The interactive map of the target `preview`, drawn by Earth Engine before any download.

    It needs the extra `map` (docs/how-to/earth-engine.md).
    """

    layers: Annotated[tuple[str, ...], Unique] = key(
        ("ndvi", "et", "lst_day", "landcover"), unit="names", min_length=1
    )
    """What is drawn, each variable as its mean of the year and as its share of gaps;
    the first is shown at once.
    """

    year: int | None = key(None, unit="year", ge=2000, le=2100)
    """The year that is drawn; null for the first mapped year."""


class SourceSettings(Section):
    """What native numbers depend on beside the product table; each source reads its own keys."""

    seed: int | None = None
    """Seed of the simulated planet."""

    planet: PlanetSettings = PlanetSettings()

    folder: str | None = None
    """Folder of a user's tower tables."""

    forest_only: bool = True
    """Whether Earth Engine is asked only for windows with forest."""

"""The configuration: all sections together, defaults filled in, every contradiction named."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from forestflux.core.reading.typed_input import explain
from forestflux.jobs.settings.change_settings import (
    ChangeSettings,
    DriverSettings,
)
from forestflux.jobs.settings.compare_settings import ComparedSettings, ProductName
from forestflux.jobs.settings.contradictions import (
    check_years,
    refuse,
    refuse_contradictions,
)
from forestflux.jobs.settings.evaluation_settings import (
    AblationSettings,
    EvaluateSettings,
)
from forestflux.jobs.settings.flux_settings import FluxSettings
from forestflux.jobs.settings.gate_settings import GateSettings
from forestflux.jobs.settings.map_settings import (
    InferSettings,
    ModelSettings,
    OnlineSettings,
    PublishSettings,
    UploadSettings,
)
from forestflux.jobs.settings.page_settings import ExplorerSettings, FigureSettings
from forestflux.jobs.settings.region_settings import Region
from forestflux.jobs.settings.run_settings import (
    FolderSettings,
    GridSettings,
    JobSettings,
)
from forestflux.jobs.settings.sample_settings import (
    FoldSettings,
    MaskSettings,
    SampleSettings,
)
from forestflux.jobs.settings.section import (
    PlainPath,
    Section,
    Unique,
    YearsInOrder,
    key,
)
from forestflux.jobs.settings.source_settings import (
    EarthEngineSettings,
    PlanetSettings,
    PreviewSettings,
)
from forestflux.jobs.settings.tower_settings import FluxnetSettings, TowerSettings
from forestflux.jobs.settings.training_settings import (
    BaselineSettings,
    TrainSettings,
)

Year = Annotated[int, Field(ge=2000, le=2100)]


class Configuration(Section):
    """The configuration of a run: `config/config.yaml` and overlays."""

    run: str = key(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)
    """Name of the run; results go to `results/{run}/`, logs to `logs/{run}/`. Letters,
    digits, `_`, `.`, `-`; at most 100.
    """

    seed: int = key(ge=0, le=2**31 - 1)
    """Seed of everything random; the same seed gives the same bytes."""

    source: Literal["auto", "simulated", "files", "earthengine"] = "auto"
    """Where layers come from. `simulated` is the planet of known truth, `files` a folder of
    series at towers, `earthengine` Google Earth Engine; `auto` takes `files` when
    `towers.folder` or `towers.fluxnet` is set.
    """

    years: Annotated[tuple[Year, Year | None], YearsInOrder] = key(unit="years")
    """First and last mapped year, both included; null as the last takes the last year that
    every product covers.
    """

    year: Year | None = key(None, unit="year")
    """This year alone, whatever `years` says: a short word for the command line."""

    only_years: Annotated[tuple[Year, ...], Unique] = key((), unit="years")
    """Years that are mapped, when not all from the first to the last; empty for all. Slopes
    and their tests need the years between; with a pair alone they are empty.
    """

    products: Annotated[str, PlainPath] = key(
        "config/products.yaml", unit="path in the repository"
    )
    """The product table: what each variable is and how its numbers are read."""

    inputs: Annotated[tuple[str, ...], Unique] = key(
        ("ndvi", "evi", "et", "lst_day", "lst_night", "precip"),
        unit="names",
        min_length=1,
    )
    """The series that a model is given, in this order: variables of the product table."""

    alternates: dict[str, str] = key({}, unit="variable: product")
    """Variables that take another product than the table's, by its name in `alternates.yaml`
    beside the table, such as `{precip: chirps}`.
    """

    successors: dict[str, Year] = key({}, unit="variable: year")
    """Variables whose product is followed by the one that the product table names as its
    `successor`, with the first year of it, such as `{ndvi: 2024, evi: 2024}`. The run shows
    how far the two differ in a year that both cover.
    """

    region: Region = key((), unit="names, boxes, files")
    """What is mapped: a country by its name or ISO code, a box (west, south, east, north), a
    GeoJSON, GeoPackage or shapefile, a tile (`r02c05`), or a list of these; empty for the
    globe (docs/how-to/regions.md).
    """

    compare: dict[ProductName, ComparedSettings] = key({}, unit="product: keys")
    """Products that the maps are compared with, by a name of yours, such as
    `{x_base: {files: [data/GPP_*_050_monthly.nc]}}`; empty for none.
    """

    fluxes: FluxSettings = FluxSettings()
    grid: GridSettings = GridSettings()
    towers: TowerSettings = TowerSettings()
    fluxnet: FluxnetSettings = FluxnetSettings()
    planet: PlanetSettings = PlanetSettings()
    earthengine: EarthEngineSettings = EarthEngineSettings()
    preview: PreviewSettings = PreviewSettings()
    mask: MaskSettings = MaskSettings()
    samples: SampleSettings = SampleSettings()
    folds: FoldSettings = FoldSettings()
    train: TrainSettings = TrainSettings()
    baseline: BaselineSettings = BaselineSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    ablation: AblationSettings = AblationSettings()
    model: ModelSettings = ModelSettings()
    infer: InferSettings = InferSettings()
    change: ChangeSettings = ChangeSettings()
    publish: PublishSettings = PublishSettings()
    online: OnlineSettings = OnlineSettings()
    drivers: DriverSettings = DriverSettings()
    gates: GateSettings = GateSettings()
    figures: FigureSettings = FigureSettings()
    explorer: ExplorerSettings = ExplorerSettings()
    folders: FolderSettings = FolderSettings()
    upload: UploadSettings = UploadSettings()
    jobs: JobSettings = JobSettings()

    @property
    def layers_from(self) -> Literal["simulated", "files", "earthengine"]:
        """The source of layers: `auto` takes files when real towers are named."""
        if self.source != "auto":
            return self.source
        return "simulated" if self.labels_from == "simulated" else "files"

    @property
    def labels_from(self) -> Literal["simulated", "folder", "fluxnet"]:
        """Where towers and their fluxes come from."""
        if self.source == "simulated":
            return "simulated"
        if self.towers.fluxnet:
            return "fluxnet"
        return "folder" if self.towers.folder else "simulated"

    @property
    def has_maps(self) -> bool:
        """Whether the run has a map: series of towers alone give none."""
        return self.layers_from != "files"

    @property
    def has_change(self) -> bool:
        """Whether there are two mapped years or more, which a change needs."""
        return self.has_maps and len(self.mapped_years) > 1

    @property
    def mapped_years(self) -> list[int]:
        """Years of the maps: those that are listed, else all from the first to the last."""
        first, last = self.closed_years
        return sorted(self.only_years) or list(range(first, last + 1))

    @property
    def closed_years(self) -> tuple[int, int]:
        """First and last year.

        Raises
        ------
        InputError : the last year is open still (`close_years`)
        """
        first, last = self.years
        if last is None:
            refuse("years", "a last year", "null")
        return first, last


def read_configuration(content: dict[str, Any]) -> Configuration:
    """The configuration from what YAML gave, complete and free of contradictions.

    Raises
    ------
    InputError : a key is unknown, missing, of the wrong type or out of range, or two keys
        contradict each other
    """
    text = json.dumps(content, default=str)
    try:
        configuration = Configuration.model_validate_json(text)
    except ValidationError as error:
        raise explain(error, Configuration, "configuration") from None
    if configuration.year is not None:
        alone = {"years": (configuration.year,) * 2, "only_years": ()}
        configuration = configuration.model_copy(update=alone)
    refuse_contradictions(configuration)
    return configuration


def close_years(configuration: Configuration, last_year: int) -> Configuration:
    """The configuration with a last year, where it is open.

    Parameters
    ----------
    last_year : the last that every product covers (`forestflux.core.calendars.last_year`)

    Raises
    ------
    InputError : other years of the configuration lie outside then
    """
    first, last = configuration.years
    if last is not None:
        return configuration
    closed = configuration.model_copy(update={"years": (first, last_year)})
    check_years(closed)
    return closed

"""The configuration: all sections together, defaults filled in, every contradiction named."""

import json
import math
from typing import Annotated, Any, Literal, NoReturn, get_args

from pydantic import Field, ValidationError

from forestflux.core.errors import InputError
from forestflux.core.grid import Grid
from forestflux.core.names import FULL, GAP_PATTERNS, LAND_COVER, NETWORK
from forestflux.core.product_table import ProductTable
from forestflux.core.typed_input import explain
from forestflux.jobs.settings.change_settings import (
    ChangeSettings,
    DriverSettings,
)
from forestflux.jobs.settings.evaluation_settings import (
    AblationSettings,
    EvaluateSettings,
)
from forestflux.jobs.settings.gate_settings import GateSettings
from forestflux.jobs.settings.map_settings import (
    InferSettings,
    ModelSettings,
    PublishSettings,
    UploadSettings,
)
from forestflux.jobs.settings.page_settings import ExplorerSettings, FigureSettings
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
    ClassicalModel,
    TrainSettings,
    with_changes,
)

Year = Annotated[int, Field(ge=2000, le=2100)]

# More tiles than this take minutes to plan, and hours if each is a file.
MOST_TILES = 100_000


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
    check_sources(configuration)
    check_years(configuration)
    check_grid(configuration)
    check_figures(configuration)
    check_inputs(configuration)
    check_co2(configuration)
    check_variants(configuration)
    return configuration


def close_years(configuration: Configuration, products: ProductTable) -> Configuration:
    """The configuration with a last year: where it is open, the last that every product covers.

    Raises
    ------
    InputError : other years of the configuration lie outside then
    """
    first, last = configuration.years
    if last is not None:
        return configuration
    last = min(product.extract.last_year for _, product in products.every())
    closed = configuration.model_copy(update={"years": (first, last)})
    check_years(closed)
    return closed


def check_sources(configuration: Configuration) -> None:
    """Refuse real layers without real labels, and folders that the source does not read."""
    source, towers = configuration.layers_from, configuration.towers
    for name in ("folder", "fluxnet", "subsets"):
        folder = getattr(towers, name)
        if folder and configuration.source == "simulated":
            refuse(f"towers.{name}", "null, because source is simulated", folder)
    if towers.subsets and source != "files":
        expected = f"null, because series come from the source {source}"
        refuse("towers.subsets", expected, towers.subsets)
    if source != "simulated" and configuration.labels_from == "simulated":
        expected = f"a folder (or towers.fluxnet), because source is {source}"
        refuse("towers.folder", expected, "none")
    if source == "files" and not (towers.folder or towers.subsets):
        refuse("towers.subsets", "a folder of series (or towers.folder)", "none")


def check_years(configuration: Configuration) -> None:
    """Refuse listed years, pairs, windows and a year of series outside the mapped years."""
    if configuration.years[1] is None:
        return  # `close_years` has the years checked
    first, last = configuration.closed_years
    if first > last:
        refuse("years", "the first year before the last", f"{first} and {last}")
    if not configuration.has_maps:
        return
    change, listed = configuration.change, configuration.only_years
    for year in change.pair:
        if not first <= year <= last:
            refuse("change.pair", f"years within {first}-{last}", str(year))
    (start, end), (later_start, later_end) = change.windows
    if not start <= end < later_start <= later_end:
        expected = "two windows in order that share no year"
        refuse("change.windows", expected, str([list(w) for w in change.windows]))
    for year in listed:
        if not first <= year <= last:
            refuse("only_years", f"years within {first}-{last}", str(year))
    for year in change.pair:
        if listed and year not in listed:
            expected = f"the years of change.pair, {year} among them"
            refuse("only_years", expected, "others")
    mapped, unlabelled = (
        configuration.mapped_years,
        configuration.samples.unlabelled_year,
    )
    if change.pair[0] == change.pair[1] and len(mapped) > 1:
        refuse("change.pair", "two different years", f"{change.pair[0]} twice")
    if unlabelled is not None and unlabelled not in mapped:
        years = ", ".join(map(str, mapped)) if listed else f"{first}-{last}"
        refuse("samples.unlabelled_year", f"a mapped year of {years}", str(unlabelled))


def check_grid(configuration: Configuration) -> None:
    """Refuse cells that do not divide the globe, and tiles that the grid does not have."""
    resolution = configuration.grid.resolution_deg
    rows = 180 / resolution
    if abs(rows - round(rows)) > 1e-9:
        refuse("grid.resolution_deg", "a divisor of 180", str(resolution))
    if configuration.has_maps:
        grid = Grid(**configuration.grid.model_dump())
        tiles = math.prod(grid.tiles_across())
        if tiles > MOST_TILES:
            expected = f"tiles of which {MOST_TILES} or fewer cover the globe"
            refuse("grid.tile_cells", expected, f"{grid.tile_cells}, {tiles} tiles")
        for name in grid.only:
            try:
                grid.tile(name)
            except InputError as error:
                refuse("grid.only", error.expected, name)


def check_inputs(configuration: Configuration) -> None:
    """Refuse gaps and layers of variables that are no input of the run."""
    inputs = configuration.inputs
    for name, listed, others in (
        ("evaluate.gaps.patterns", configuration.evaluate.gaps.patterns, GAP_PATTERNS),
        ("preview.layers", configuration.preview.layers, (LAND_COVER,)),
    ):
        for one in listed:
            if one not in (*inputs, *others):
                refuse(name, f"some of {', '.join((*others, *inputs))}", one)


def check_co2(configuration: Configuration) -> None:
    """Refuse CO2 on top of years that differ like places: there is no level to multiply."""
    model = configuration.model
    if model.co2 != "none" and model.years != "response":
        refuse("model.co2", "none, because model.years is between", model.co2)


def check_figures(configuration: Configuration) -> None:
    """Refuse figures without PNG, which the report shows."""
    if "png" not in configuration.figures.formats:
        refuse(
            "figures.formats",
            "png among them",
            ", ".join(configuration.figures.formats),
        )


def check_variants(configuration: Configuration) -> None:
    """Refuse variants of the ablation that cannot be, or are named like another model."""
    taken = (FULL, NETWORK, *get_args(ClassicalModel))
    for name, changes in configuration.ablation.variants.items():
        if name in taken:
            expected = f"another name than {', '.join(taken)}"
            refuse("ablation.variants", expected, name)
        check_variant(configuration.train, name, changes)


def check_variant(train: TrainSettings, name: str, changes: dict[str, Any]) -> None:
    """Refuse a variant of the ablation that changes keys of `train` to what they do not take."""
    try:
        with_changes(train, changes)
    except ValidationError as error:
        within = f"ablation.variants.{name}"
        raise explain(error, TrainSettings, "configuration", within=within) from None


def refuse(variable: str, expected: str, found: str) -> NoReturn:
    """Raise the one-line error of a configuration key."""
    raise InputError("configuration", variable=variable, expected=expected, found=found)

"""The command `forestflux online`: a trained model as an expression of Earth Engine."""

import sys
from pathlib import Path
from typing import cast

from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.product_table import read_products
from forestflux.ensemble.model_folder import RECORD
from forestflux.ensemble.model_record import read_model_record
from forestflux.jobs.checksums import make_build_key
from forestflux.jobs.settings.map_settings import InferSettings
from forestflux.jobs.settings.sample_settings import MaskSettings
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.jobs.stores.store import is_done, write_store
from forestflux.jobs.tables import write_table
from forestflux.publish.online.export_task import NEEDED, Destination, start_export
from forestflux.publish.online.fetched_map import fetch_map
from forestflux.publish.online.images.year_image import NOT_A_CHANGE, YearChoice
from forestflux.publish.online.online_export import (
    JSON,
    SCRIPT,
    OnlineModel,
    make_online_model,
    write_online_files,
)
from forestflux.publish.online.online_source import OnlineSource, check_latitudes
from forestflux.publish.online.point_fluxes import fetch_points
from forestflux.publish.online.region import Region, read_region
from forestflux.towers.place_tables import read_places

POINTS = "points.csv"
DEFAULT_RUNTIME = EarthEngineSettings()


def main(
    model: Path,
    *,
    year: int,
    region: str,
    out: Path = Path("online"),
    points: Path | None = None,
    fetch: Path | None = None,
    export: str | None = None,
    export_to: str | None = None,
    applicability: bool = True,
    products: Path = Path("config/products.yaml"),
    alternates: list[str] | None = None,
    min_valid_share: float = MaskSettings().min_valid_share,
    min_forest_fraction: float = InferSettings().min_forest_fraction,
    card: str = "not stated",
    runtime: EarthEngineSettings = DEFAULT_RUNTIME,
) -> None:
    """Write online.json and online.js of a trained model for one year.

    MODEL is the folder of the model. `--region=` is west,south,east,north or a file of
    polygons, whose box counts; `--out` the folder of both files. `--points` takes a table
    of site, lat and lon and writes points.csv beside them; `--fetch` writes the region as a
    Zarr store. Both are computed by Earth Engine. `--export drive`, `asset` or `cloud` starts
    a task that puts the region into the folder, asset or bucket of `--export-to`.
    `--alternates et=pml` takes another product, `--runtime` the section `earthengine` as JSON.
    """
    box = read_region(region)
    destination = read_destination(export, export_to)
    places = read_places(points) if points is not None else None
    record = read_model_record(model if model.suffix == ".json" else model / RECORD)
    table = read_products(
        products, read_alternates(alternates or []), inputs=record.variables
    ).column("tile")
    check_latitudes(table, box.south, box.north, source="region")
    if places is not None:
        check_latitudes(table, places["lat"].min(), places["lat"].max(), source=points)
    source = OnlineSource(table, runtime, year=year)
    choice = YearChoice(
        year=year,
        min_valid_share=min_valid_share,
        min_forest_fraction=min_forest_fraction,
        with_applicability=applicability,
    )
    made = make_online_model(model, table, source, choice=choice, card=card)
    write_online_files(made, box, expression=out / JSON, script=out / SCRIPT)
    sys.stdout.write(f"{out / JSON}\n{out / SCRIPT}\n")
    if places is not None:
        found = fetch_points(source, made.layers, places, made.grid)
        write_table(found, out / POINTS)
        sys.stdout.write(f"{out / POINTS}\n")
    if fetch is not None:
        write_fetched(fetch, source, made, box)
        sys.stdout.write(f"{fetch}\n")
    if destination is not None:
        kind, name = destination
        task = start_export(made, box, destination=kind, name=name, runtime=runtime)
        sys.stdout.write(f"task {task}\n")


def read_destination(
    kind: str | None, name: str | None
) -> tuple[Destination, str] | None:
    """Where an export goes, and its name there; None where nothing is exported.

    Raises
    ------
    InputError : an unknown destination, or one without a name
    """
    if kind is None and name is None:
        return None
    if kind not in NEEDED:
        raise InputError(
            "command line",
            variable="--export",
            expected=f"one of {', '.join(NEEDED)}",
            found=kind or "nothing",
        )
    if not name:
        raise InputError(
            "command line",
            variable="--export-to",
            expected=NEEDED[kind],
            found="nothing",
        )
    return cast("Destination", kind), name


def read_alternates(texts: list[str]) -> dict[str, str]:
    """Variables with the product that each takes, from texts such as `et=pml`.

    Raises
    ------
    InputError : a text of another form
    """
    found = {}
    for text in texts:
        variable, equals, name = text.partition("=")
        if not (variable and equals and name):
            raise InputError(
                "command line",
                variable="--alternates",
                expected="variable=product, such as et=pml",
                found=text,
            )
        found[variable] = name
    return found


def write_fetched(
    path: Path, source: OnlineSource, made: OnlineModel, region: Region
) -> None:
    """Write a region as a store; one that is whole and of the same expression is kept.

    Raises
    ------
    InputError : something else lies there
    """
    key = make_build_key(made.expression, region)
    if is_done(path, key):
        return
    if path.exists():
        raise InputError(
            path,
            variable="--fetch",
            expected="nothing, or a whole store of this expression and region",
            found="something else; delete it, or name another path",
        )
    mapped = fetch_map(source, made.layers, region, made.grid, level=made.level)
    mapped.attrs["model"] = made.properties["model_checksum"]
    mapped.attrs["estimate"] = NOT_A_CHANGE
    write_store(mapped, path, build_key=key)

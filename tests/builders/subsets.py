"""Files of MODIS subsets in every layout, written from stored integers, and their chain."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
import yaml

from forestflux.core.calendars.eight_day import step_starts
from forestflux.core.grids.places import TowerPlace
from forestflux.core.product_tables.product_table import columns_of, read_products
from forestflux.jobs.manifests import JobManifest, write_manifest
from forestflux.jobs.stores.store import write_store
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masking import mask_cube
from forestflux.sources.extraction import available_columns, extract
from forestflux.sources.modis_subsets.subset_folder import list_subset_files
from forestflux.sources.modis_subsets.subset_images import collect_subsets
from forestflux.sources.modis_subsets.subset_table import read_subset_table
from forestflux.sources.tower_files import FilesSource
from tests.builders.paths import ROOT

PRODUCTS = read_products(ROOT / "config/products.yaml")
SUBSET_TABLE = read_subset_table(ROOT / "config/subsets.yaml", PRODUCTS)
SCALES = {"NDVI": 0.0001, "EVI": 0.0001, "ET": 0.1, "LST": 0.02}
FILLS = {"NDVI": [-3000], "EVI": [-3000], "ET": range(32761, 32768), "LST": [0]}
PIXEL_M = {"A1": 463.312716528, "Q1": 231.656358264, "A2": 926.625433056}


def modis_date(day: np.datetime64) -> str:
    """A2003009 for 9 January 2003."""
    return "A" + pd.Timestamp(day).strftime("%Y%j")


def eight_days(*years: int) -> np.ndarray:
    """First days of all composites of eight days."""
    return np.concatenate([step_starts(year) for year in years])


def sixteen_days(*years: int, aqua: bool = False) -> np.ndarray:
    """First days of all composites of sixteen days, of Terra or of Aqua."""
    return np.concatenate([step_starts(year)[int(aqua) :: 2] for year in years])


def write_csv(
    path: Path,
    product: str,
    band: str,
    days: np.ndarray,
    values: np.ndarray,
    *,
    place: str,
    stamp: str = "2020045130158",
    version: str = "061",
    mode: str = "w",
) -> Path:
    """An ORNL CSV file; `values` (time, row, column) are stored integers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode, newline="") as file:
        rows = csv.writer(file)
        for day, image in zip(days, values, strict=True):
            date = modis_date(day)
            granule = f"{product}.{date}.h18v03.{version}.{stamp}.{band}"
            pixels = [f"{value:.1f}" for value in image.ravel()]
            rows.writerow([granule, product, date, place, stamp, *pixels])
    return path


def place_word(lat: float, lon: float, side: int) -> str:
    """How ORNL writes a place: Lat-33.6152Lon150.7236Samp9Line9."""
    return f"Lat{lat}Lon{lon}Samp{side}Line{side}"


def write_json(
    path: Path,
    product: str,
    band: str,
    days: np.ndarray,
    values: np.ndarray,
    *,
    lat: float,
    lon: float,
    site: str = "",
    stamp: str = "2020045130158",
    corner: tuple[float, float] | None = None,
    cell_m: float | None = None,
) -> Path:
    """An ORNL JSON file of the REST service; `values` (time, row, column) as stored."""
    content = {
        "nrows": values.shape[1],
        "ncols": values.shape[2],
        "band": band,
        "units": "none",
        "scale": "1",
        "latitude": lat,
        "longitude": lon,
        "header": f"https://modis.ornl.gov/rst/api/v1/{product}/"
        + (f"{site}/" if site else "")
        + f"subset?band={band}",
    }
    if corner:
        content |= {"xllcorner": str(corner[0]), "yllcorner": str(corner[1])}
    if cell_m:
        content["cellsize"] = cell_m
    content["subset"] = [
        {
            "modis_date": modis_date(day),
            "calendar_date": str(day),
            "band": band,
            "tile": "h18v03",
            "proc_date": stamp,
            "data": image.ravel().tolist(),
        }
        for day, image in zip(days, values, strict=True)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def write_points(path: Path, prefix: str, points: list[dict]) -> Path:
    """An AppEEARS point-sample file.

    Parameters
    ----------
    prefix : product and version, MOD11A2_061
    points : id, category, lat, lon, days and layers {layer: stored integers (time,)}
    """
    tables = []
    for point in points:
        table = pd.DataFrame(
            {
                "ID": point.get("id", ""),
                "Category": point.get("category", ""),
                "Latitude": point["lat"],
                "Longitude": point["lon"],
                "Date": np.datetime_as_string(point["days"], unit="D"),
                "MODIS_Tile": "h18v03",
            }
        )
        for layer, stored in point["layers"].items():
            name = f"{prefix}_{'_' if layer[0].isdigit() else ''}{layer}"
            table[name] = scaled(layer, np.asarray(stored))
            if "QC" in layer or "Quality" in layer:
                table[f"{name}_bitmask"] = [f"0b{int(code):016b}" for code in stored]
                table[f"{name}_MODLAND_Description"] = "Good, with a comma"
        tables.append(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(tables).to_csv(path, index=False)
    return path


def scaled(layer: str, stored: np.ndarray) -> np.ndarray:
    """Numbers as AppEEARS writes them: values scaled, fills and quality as stored."""
    kind = next((k for k in SCALES if k in layer and "QC" not in layer), None)
    if kind is None:
        return stored.astype(float)
    whole = np.isin(stored, list(FILLS[kind]))
    return np.where(whole, stored, (stored * SCALES[kind]).astype("float32"))


def towers(**places: tuple[float, float]) -> pd.DataFrame:
    """A table of towers from site=(lat, lon); underscores in names become hyphens."""
    rows = [(name.replace("_", "-"), *place) for name, place in places.items()]
    return pd.DataFrame(rows, columns=["site", "lat", "lon"]).assign(igbp="ENF")


def collect(folder: Path, sites: pd.DataFrame) -> tuple[xr.Dataset, pd.DataFrame]:
    """Images and sources of a folder of subsets."""
    files = [Path(file) for file in list_subset_files(str(folder))]
    return collect_subsets(files, sites, SUBSET_TABLE)


def masked(
    folder: Path,
    sites: pd.DataFrame,
    year: int,
    *,
    results: Path,
    tables: Path | None = None,
) -> xr.Dataset:
    """One year of a folder of subsets through extract, cube and mask."""
    images, _ = collect(folder, sites)
    record = write_store(images, results / "subsets/towers.zarr")
    manifest = results / "subsets/subsets.json"
    write_manifest(manifest, JobManifest(stores={"towers": record.checksum}))
    source, place = FilesSource(tables, subsets=manifest), TowerPlace(sites)
    table = PRODUCTS.only(("tower", "table"), "cube", "mask")
    columns = available_columns(source, place, table)
    native = extract(source, table.follow(columns), place, year=year)
    assert columns_of(native) == columns
    cube = build_cube(native, table.follow(columns_of(native)), year=year)
    assert columns_of(cube) == columns
    followed = table.inputs(columns_of(cube))
    return mask_cube(cube, followed, year=year, min_valid_share=0.3)


def layers_table() -> dict:
    """The raw table of layers, for tests of its own consistency."""
    return yaml.safe_load((ROOT / "config/subsets.yaml").read_text())


def write_towers(folder: Path, sites: pd.DataFrame, predictors: pd.DataFrame) -> Path:
    """Subsets of towers in every layout, from series of physical values without gaps.

    Vegetation indices of Terra and Aqua as JSON, land surface temperature with its QC
    as CSV, ET with its QC as one file of points. There is no precipitation.
    """
    points = []
    for tower in sites.itertuples():
        own = predictors[predictors["site"] == tower.site]
        days = own["date"].to_numpy("datetime64[D]")
        for name in ("ndvi", "evi"):
            stored = np.rint(own[name].to_numpy() / 0.0001).astype(int)
            for first, product in ((0, "MOD13A1"), (1, "MYD13A1")):
                part = (days - days.astype("datetime64[Y]")).astype(
                    int
                ) // 8 % 2 == first
                for band, layer in (
                    (name.upper(), stored),
                    ("pixel_reliability", None),
                ):
                    layer = 0 * stored if layer is None else layer
                    write_json(
                        folder / tower.site / f"{product}_{band}.json",
                        product,
                        f"500m_16_days_{band}",
                        days[part],
                        windows(layer[part], 5),
                        lat=tower.lat,
                        lon=tower.lon,
                    )
        for name, band, quality in (
            ("lst_day", "LST_Day_1km", "QC_Day"),
            ("lst_night", "LST_Night_1km", "QC_Night"),
        ):
            stored = np.rint(own[name].to_numpy() / 0.02).astype(int)
            for layer, values in ((band, stored), (quality, 0 * stored)):
                path = folder / tower.site / f"{layer}.csv"
                images = windows(values, 3)
                write_csv(path, "MOD11A2", layer, days, images, place=tower.site)
        length = np.append(np.diff(days).astype(int), 5)
        et = np.rint(own["et"].to_numpy() * length / 0.1).astype(int)
        layers = {"ET_500m": et, "ET_QC_500m": 0 * et}
        place = {"id": tower.site, "lat": tower.lat, "lon": tower.lon}
        points.append(place | {"days": days, "layers": layers})
    write_points(folder / "et-MOD16A2GF-061-results.csv", "MOD16A2GF_061", points)
    return folder


def windows(values: np.ndarray, side: int) -> np.ndarray:
    """The same value in every pixel of a window (time, side, side)."""
    return np.broadcast_to(values[:, None, None], (len(values), side, side))

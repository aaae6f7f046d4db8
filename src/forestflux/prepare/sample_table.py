"""Samples: the training table, the series that stand for its rows, and their files."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.core.calendars.eight_day import STEPS
from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES
from forestflux.jobs.manifests import JobManifest, read_manifest, write_manifest
from forestflux.jobs.stages import Stores
from forestflux.jobs.stores.store import load_store, write_store
from forestflux.jobs.table_files import verify_table
from forestflux.prepare.sample_schema import SAMPLES


class SamplesManifest(JobManifest):
    """What is known of the training table and its series.

    Attributes
    ----------
    table : checksum of the table; labels, weights and folds may change while every series
        stays the same
    build_key : checksum of what both are made from
    used, unlabelled : rows that train or are scored, and series without a label
    dropped : rows that are not used by the reason
    """

    table: str
    build_key: str
    used: int
    unlabelled: int
    dropped: dict[str, int]


@dataclass(frozen=True)
class Samples:
    """The input series of a year and what is known of it, one row per sample.

    Attributes
    ----------
    series : float32 (sample, variable, step), physical values, NaN = gap
    table : one row per sample in the same order, columns of `SAMPLES`
    variables : names along the axis `variable`
    """

    series: np.ndarray
    table: pd.DataFrame
    variables: tuple[str, ...]

    def __len__(self) -> int:
        """Samples."""
        return len(self.table)

    @property
    def lat(self) -> np.ndarray:
        """Latitude (sample,), degrees north."""
        return self.table["lat"].to_numpy(float)

    @property
    def forest_type(self) -> np.ndarray:
        """Codes (sample,) of the forest types, 1-5; 0 for towers of other classes."""
        return forest_type_codes(self.table["igbp"])

    def take(self, rows: np.ndarray) -> "Samples":
        """The samples of these rows (positions or a boolean mask), in their order."""
        rows = positions(rows)
        table = self.table.iloc[rows].reset_index(drop=True)
        return Samples(self.series[rows], table, self.variables)


@dataclass(frozen=True)
class UnlabelledSeries:
    """Series without a flux that is used, for the first transfer step.

    Attributes
    ----------
    series : float32 (series, variable, step), physical values, NaN = gap
    lat : float64 (series,), degrees
    forest_type : uint8 (series,), 1-5; 0 for towers of other classes
    site : text (series,), the tower; empty for cells of a tile
    """

    series: np.ndarray
    lat: np.ndarray
    forest_type: np.ndarray
    site: np.ndarray

    def __len__(self) -> int:
        """Series."""
        return len(self.lat)

    def take(self, rows: np.ndarray) -> "UnlabelledSeries":
        """The series of these rows (positions or a boolean mask), in their order."""
        rows = positions(rows)
        return UnlabelledSeries(
            self.series[rows], self.lat[rows], self.forest_type[rows], self.site[rows]
        )

    def without(self, sites: list[str]) -> "UnlabelledSeries":
        """The series of other towers: a fold must not see those it is scored on."""
        return self.take(~pd.Series(self.site).isin(sites).to_numpy())


def forest_type_codes(igbp: Iterable[str]) -> np.ndarray:
    """Codes uint8 (sample,) of IGBP classes: 1-5 as in `FOREST_TYPES`, 0 for any other."""
    codes = {name: index + 1 for index, name in enumerate(FOREST_TYPES)}
    return np.array([codes.get(name, 0) for name in igbp], dtype="uint8")


def positions(rows: np.ndarray) -> np.ndarray:
    """Row positions from positions or a boolean mask."""
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows.astype(int)


def write_samples(
    manifest: Path,
    table: pd.DataFrame,
    samples: Samples,
    unlabelled: UnlabelledSeries,
    *,
    build_key: str = "",
) -> None:
    """Write `samples.csv` and `samples.zarr` beside the manifest, and the manifest last.

    Parameters
    ----------
    table : every labelled site-year, used or dropped; `samples` are its used rows
    build_key : checksum of what the samples are made from
    """
    checksum = SAMPLES.write(table, table_beside(manifest))
    dropped = table.loc[~table["used"], "reason"].value_counts()
    dims = ("variable", "step")
    series = xr.Dataset(
        {
            "series": (("sample", *dims), samples.series.astype("float32")),
            "unlabelled": (
                ("unlabelled_sample", *dims),
                unlabelled.series.astype("float32"),
            ),
            "unlabelled_lat": (
                "unlabelled_sample",
                unlabelled.lat,
                {"units": "degrees_north"},
            ),
            "unlabelled_type": (
                "unlabelled_sample",
                unlabelled.forest_type.astype("uint8"),
            ),
            "unlabelled_site": ("unlabelled_sample", unlabelled.site.astype(object)),
        },
        attrs={"variables": list(samples.variables)},
    )
    if not len(unlabelled):  # Zarr writes no chunk of nothing
        series = series[["series"]]
    store = manifest.with_name("samples.zarr")
    written = write_store(series, store, build_key=build_key)
    content = SamplesManifest(
        stores={"samples": written.checksum},
        table=checksum,
        build_key=build_key,
        used=len(samples),
        unlabelled=len(unlabelled),
        dropped={str(reason): int(rows) for reason, rows in dropped.items()},
    )
    write_manifest(manifest, content)


def table_beside(manifest: Path) -> Path:
    """The table of all site-years: `samples.csv` beside `samples.json`."""
    return manifest.with_suffix(".csv")


def load_series(manifest: Path, variables: Iterable[str] | None = None) -> xr.Dataset:
    """The store beside the manifest of the samples, or some of its variables, in memory."""
    stores = read_manifest(manifest, SamplesManifest).stores
    return load_store(Stores(manifest.parent, stores).path("samples"), variables)


def read_samples(manifest: Path) -> Samples:
    """The used samples, known by the manifest that `write_samples` wrote.

    Raises
    ------
    InputError : a file is missing or damaged, or table and series do not belong together
    """
    table = read_sample_table(table_beside(manifest))
    wanted = read_manifest(manifest, SamplesManifest).table
    if verify_table(table_beside(manifest)) != wanted:
        raise InputError(
            table_beside(manifest),
            variable="checksum",
            expected=f"{wanted}, as {manifest.name} has it",
            found="another table",
        )
    used = table[table["used"]].reset_index(drop=True)
    store = load_series(manifest, ["series"])
    series = store["series"].values
    if len(series) != len(used):
        raise InputError(
            table_beside(manifest),
            variable="used",
            expected=f"{len(series)} used rows, as samples.zarr has",
            found=str(len(used)),
        )
    return Samples(series, used, tuple(store.attrs["variables"]))


def read_sample_table(path: Path) -> pd.DataFrame:
    """Every labelled site-year, used or dropped: the table `SAMPLES`."""
    table = SAMPLES.read_file(path)
    return table.assign(reason=table["reason"].fillna(""))[SAMPLES.names]


def read_unlabelled(manifest: Path) -> UnlabelledSeries:
    """The unlabelled series beside the manifest that `write_samples` wrote; perhaps none."""
    names = ("unlabelled", "unlabelled_lat", "unlabelled_type", "unlabelled_site")
    store = load_series(manifest)
    if "unlabelled" not in store:
        return no_series(len(store.attrs["variables"]))
    series, lat, forest_type, site = (store[name].values for name in names)
    return UnlabelledSeries(series, lat, forest_type, site.astype(object))


def no_series(variables: int) -> UnlabelledSeries:
    """No unlabelled series at all, of so many variables."""
    return UnlabelledSeries(
        np.empty((0, variables, STEPS), "float32"),
        np.empty(0),
        np.empty(0, "uint8"),
        np.empty(0, object),
    )

"""Files of other products in the layout of their makers, filled with one known field.

Names, dimensions, units and attributes are those that the makers document or that public code
reads; see `forestflux.evaluation.compare.known_products` for the sources.
"""

from collections.abc import Callable
from pathlib import Path

import cftime
import numpy as np
import xarray as xr

from forestflux.core.grids.grid import Grid, cell_area
from forestflux.evaluation.compare.flux_units import CARBON_IN_CO2, GRAMS_PER_MOL
from forestflux.jobs.stores.store import write_store

YEARS = (2003, 2004, 2005, 2006)
# Blocks of the field: edges of all grids here lie on edges of the blocks.
BLOCK_DEG = (30, 60)
MAP_DEG = 6.0


def field(latitudes, longitudes, year):
    """A flux (row, column), gC m-2 yr-1, constant in blocks, other in every year."""
    row = np.floor((np.asarray(latitudes) + 90) / BLOCK_DEG[0])[:, None]
    turned = (np.asarray(longitudes) + 180) % 360
    column = np.floor(turned / BLOCK_DEG[1])[None]
    return 900.0 + 150 * row + 40 * column + 12 * (year % 3) + 5 * (year - 2003) * row


def land(latitudes, longitudes):
    """Whether there is land (row, column): all but an ocean and the far south."""
    turned = (np.asarray(longitudes) + 180) % 360
    return (np.asarray(latitudes) > -60)[:, None] & (turned > 60)[None]


def centres(step, *, start):
    """Centres of cells of a globe's axis that begins at `start`, degrees."""
    span = 180 if start == -90 else 360
    return start + (np.arange(round(span / step)) + 0.5) * step


def write_maps(folder, *, years=YEARS, flux=field, nee=None):
    """Map stores by year with the known field as GPP, and NEE of a tenth of it."""
    grid = Grid(MAP_DEG, 30)
    latitudes, longitudes = grid.latitudes(), grid.longitudes()
    stores = {}
    for year in years:
        ground = land(latitudes, longitudes)
        gpp = np.where(ground, flux(latitudes, longitudes, year), np.nan)
        exchange = -0.1 * gpp if nee is None else np.where(ground, nee, np.nan)
        dims = ("y", "x")
        dataset = xr.Dataset(
            {
                "gpp": (dims, gpp.astype("float32")),
                "reco": (dims, (gpp + exchange).astype("float32")),
                "nee": (dims, exchange.astype("float32")),
                "forest_fraction": (dims, np.where(ground, 0.5, 0).astype("float32")),
            },
            {"y": latitudes, "x": longitudes},
            {"year": year},
        )
        stores[year] = folder / f"maps/{year}.zarr"
        write_store(dataset, stores[year], chunks={"y": 10})
    return stores


def days_of(year):
    return 366 if year % 4 == 0 else 365


def month_starts(year, calendar="standard"):
    """Beginnings of the months of a year, and of the next year."""
    starts = [cftime.datetime(year, m, 1, calendar=calendar) for m in range(1, 13)]
    return [*starts, cftime.datetime(year + 1, 1, 1, calendar=calendar)]


def numbers(moments, units, calendar="standard"):
    return cftime.date2num(moments, units, calendar=calendar)


def daily(year, latitudes, longitudes):
    """The field as a rate, gC m-2 d-1, NaN over water."""
    flux = field(latitudes, longitudes, year) / days_of(year)
    return np.where(land(latitudes, longitudes), flux, np.nan)


def save(dataset, path, variable, **encoding):
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.to_netcdf(path, encoding={variable: encoding} if encoding else None)


def write_even_product(path, *, years):
    """A yearly GPP that is the same everywhere."""
    latitudes, longitudes = centres(2.5, start=-90), centres(2.5, start=-180)
    flux = np.full((len(years), len(latitudes), len(longitudes)), 1200.0, "float32")
    moments = [f"{year}-01-01" for year in years]
    dataset = xr.Dataset(
        {"GPP": (("time", "lat", "lon"), flux, {"units": "gC m-2 yr-1"})},
        {
            "time": np.array(moments, "datetime64[ns]"),
            "lat": latitudes,
            "lon": longitudes,
        },
    )
    save(dataset, path, "GPP")


def x_base(folder: Path) -> str:
    """A file a year of daily rates by month, north first, with the share of land."""
    latitudes, longitudes = centres(1.5, start=-90)[::-1], centres(1.5, start=-180)
    for year in YEARS:
        rate = daily(year, latitudes, longitudes)
        # A cell that is half water has the flux of its land.
        share = np.where(land(latitudes, longitudes), 0.5, 0.0)
        dataset = xr.Dataset(
            {
                "GPP": (
                    ("time", "lat", "lon"),
                    np.repeat(rate[None], 12, 0).astype("float32"),
                    {"units": "gC m-2 d-1", "long_name": "GPP"},
                ),
                "land_fraction": (("lat", "lon"), share.astype("float32")),
            },
            {
                "time": (
                    "time",
                    numbers(month_starts(year)[:12], "days since 2001-01-01"),
                    {"units": "days since 2001-01-01", "calendar": "standard"},
                ),
                "lat": ("lat", latitudes.astype("float32"), {"units": "degrees_north"}),
                "lon": ("lon", longitudes.astype("float32"), {"units": "degrees_east"}),
            },
        )
        save(dataset, folder / f"GPP_{year}_050_monthly.nc", "GPP", _FillValue=-9999.0)
    return str(folder / "GPP_*_050_monthly.nc")


def cedar(folder: Path) -> str:
    """A file a month of 16-bit integers, whose scale stands at the file; no time."""
    latitudes, longitudes = centres(2, start=-90)[::-1], centres(2, start=-180)
    for year in YEARS:
        rate = daily(year, latitudes, longitudes)
        stored = np.where(np.isfinite(rate), np.round(rate / 1e-4), 65535)
        for month in range(1, 13):
            dataset = xr.Dataset(
                {"GPP_mean": (("y", "x"), stored.astype("uint16"))},
                {"y": latitudes, "x": longitudes},
                {"SCALE_FACTOR": 1e-4},
            )
            name = f"CEDAR-GPP_v01_ST_CFE-Hybrid_NT_{year}{month:02d}.nc"
            save(dataset, folder / name, "GPP_mean")
    return str(folder / "CEDAR-GPP_*.nc")


def fluxcom(folder: Path) -> str:
    """Daily rates by month since 1582, with bounds of the cells."""
    latitudes, longitudes = centres(3, start=-90)[::-1], centres(3, start=-180)
    units = "days since 1582-10-15 00:00:0.0"
    for year in YEARS:
        starts = month_starts(year)
        middle = numbers(starts[:12], units) + np.diff(numbers(starts, units)) / 2
        rate = np.repeat(daily(year, latitudes, longitudes)[None], 12, 0)
        dataset = xr.Dataset(
            {
                "GPP": (("time", "lat", "lon"), rate, {"units": "gC m-2 d-1"}),
                "lat_bnds": (
                    ("lat", "bnds"),
                    np.stack([latitudes + 1.5, latitudes - 1.5], axis=1),
                ),
            },
            {
                "time": ("time", middle, {"units": units, "calendar": "gregorian"}),
                "lat": ("lat", latitudes, {"bounds": "lat_bnds"}),
                "lon": ("lon", longitudes),
            },
        )
        name = f"GPP.RS_METEO.FP-ALL.MLM-ALL.METEO-ERA5.120_60.monthly.{year}.nc"
        save(dataset, folder / name, "GPP", _FillValue=-9999.0)
    return str(folder / "GPP.RS_METEO*.nc")


def gosif(folder: Path) -> str:
    """Sums of months as 16-bit integers with two codes for no vegetation."""
    latitudes, longitudes = centres(2, start=-90), centres(2, start=-180)
    for year in YEARS:
        starts = month_starts(year)
        rate = daily(year, latitudes, longitudes)
        units = "days since 2000-01-01"
        lengths = np.diff(numbers(starts, units))
        sums = lengths[:, None, None] * rate[None]
        stored = np.where(np.isfinite(sums), np.round(sums / 0.01), 65535)
        stored[:, :3] = 65534
        dataset = xr.Dataset(
            {
                "GOSIF_GPP": (
                    ("time", "latitude", "longitude"),
                    stored.astype("uint16"),
                    {"units": "g C m-2 mo-1", "scale_factor": 0.01},
                )
            },
            {
                "time": ("time", numbers(starts[:12], units), {"units": units}),
                "latitude": latitudes,
                "longitude": longitudes,
            },
        )
        save(dataset, folder / f"gosif-gpp-{year}.nc", "GOSIF_GPP")
    return str(folder / "gosif-gpp-*.nc")


def mod17(folder: Path) -> str:
    """Sums of eight days, the last of a year shorter, in the Julian calendar of AppEEARS."""
    latitudes, longitudes = centres(2, start=-90)[::-1], centres(2, start=-180)
    units, moments, layers = "days since 2000-01-01 00:00:00", [], []
    for year in YEARS:
        rate = daily(year, latitudes, longitudes) * 1e-3
        for step in range(46):
            start = cftime.DatetimeJulian(year, 1, 1)
            length = min(8, days_of(year) - 8 * step)
            moments.append(float(numbers(start, units, "julian")) + 8 * step)
            layers.append(rate * length)
    kilograms = np.array(layers)
    stored = np.where(np.isfinite(kilograms), np.round(kilograms / 1e-5), 32761)
    dataset = xr.Dataset(
        {
            "Gpp_500m": (
                ("time", "lat", "lon"),
                stored.astype("int16"),
                {
                    "units": "kg_C_/m^2",
                    "scale_factor": 1e-5,
                    "add_offset": 0.0,
                    "valid_range": np.array([0, 30000], "int16"),
                },
            )
        },
        {
            "time": ("time", moments, {"units": units, "calendar": "julian"}),
            "lat": ("lat", latitudes, {"units": "degrees_north"}),
            "lon": ("lon", longitudes, {"units": "degrees_east"}),
        },
    )
    name = "MOD17A2HGF.061_500m_aid0001.nc"
    save(dataset, folder / name, "Gpp_500m", _FillValue=np.int16(32767))
    return str(folder / name)


def carbontracker(folder: Path) -> str:
    """Moles by second, one file of all months."""
    latitudes, longitudes = centres(3, start=-90), centres(3, start=-180)
    units = "days since 2000-01-01 00:00:00 UTC"
    moments = [m for year in YEARS for m in month_starts(year)[:12]]
    moles = [
        -0.1 * daily(year, latitudes, longitudes) / GRAMS_PER_MOL / 86400
        for year in YEARS
        for _ in range(12)
    ]
    dataset = xr.Dataset(
        {
            "bio_flux_opt": (
                ("time", "latitude", "longitude"),
                np.nan_to_num(np.array(moles)),
                {"units": "mol m-2 s-1", "long_name": "optimised biosphere flux"},
            )
        },
        {
            "time": ("time", numbers(moments, units) + 14.0, {"units": units}),
            "latitude": ("latitude", latitudes, {"units": "degrees_north"}),
            "longitude": ("longitude", longitudes, {"units": "degrees_east"}),
        },
    )
    save(dataset, folder / "CT2022.flux1x1-monthly.nc", "bio_flux_opt")
    return str(folder / "CT2022.flux1x1-monthly.nc")


def cams(folder: Path) -> str:
    """A file a month without time, kilograms a month of cells that are part water."""
    latitudes, longitudes = centres(3, start=-90)[::-1], centres(3, start=-180)
    share = np.where(land(latitudes, longitudes), 0.4, 0.0)
    for year in YEARS:
        starts = numbers(month_starts(year), "days since 2000-01-01")
        for month, length in enumerate(np.diff(starts), start=1):
            rate = -0.1e-3 * daily(year, latitudes, longitudes) * length * share
            dataset = xr.Dataset(
                {
                    "flux_apos_bio": (
                        ("latitude", "longitude"),
                        np.nan_to_num(rate),
                        {"units": "kgC m-2 month-1"},
                    ),
                    "lsf": (("latitude", "longitude"), share),
                },
                {"latitude": latitudes, "longitude": longitudes},
            )
            name = f"cams73_latest_co2_flux_surface_mm_{year}{month:02d}.nc"
            save(dataset, folder / name, "flux_apos_bio")
    return str(folder / "cams73_*.nc")


def carboscope(folder: Path) -> str:
    """Petagrams a year of each cell, day by day."""
    latitudes, longitudes = centres(6, start=-90), centres(12, start=-180)
    units = "seconds since 2000-01-01 00:00:00"
    area = cell_area(latitudes, 6.0)[:, None] * 2
    moments, layers = [], []
    for year in YEARS:
        start = float(numbers(cftime.datetime(year, 1, 1), units))
        flux = field(latitudes, longitudes, year) * land(latitudes, longitudes)
        for day in range(days_of(year)):
            moments.append(start + 86400 * (day + 0.5))
            layers.append(-0.1 * flux * area * 1e-15)
    dataset = xr.Dataset(
        {
            "co2flux_land": (
                ("mtime", "lat", "lon"),
                np.array(layers, "float32"),
                {"units": "PgC/yr"},
            )
        },
        {
            "mtime": ("mtime", moments, {"units": units}),
            "lat": ("lat", latitudes),
            "lon": ("lon", longitudes),
        },
    )
    save(dataset, folder / "s99oc_v2024_daily.nc", "co2flux_land")
    return str(folder / "s99oc_v2024_daily.nc")


def model(folder: Path) -> str:
    """A Zarr store as of CMIP: kg m-2 s-1 in years without 29 February, 0 to 360 degrees."""
    latitudes, longitudes = centres(1.5, start=-90), centres(2, start=-180) + 180
    units, calendar = "days since 1850-01-01", "noleap"
    moments = [m for year in YEARS for m in month_starts(year, calendar)[:12]]
    last = month_starts(YEARS[-1], calendar)[-1]
    starts = numbers([*moments, last], units, calendar)
    rates = [
        np.where(
            land(latitudes, longitudes),
            field(latitudes, longitudes, year) * 1e-3 / 365 / 86400,
            1e20,
        )
        for year in YEARS
        for _ in range(12)
    ]
    dataset = xr.Dataset(
        {
            "gpp": (
                ("lon", "lat", "time"),
                np.array(rates, "float32").transpose(2, 1, 0),
                {"units": "kg m-2 s-1", "missing_value": np.float32(1e20)},
            ),
            "time_bnds": (
                ("time", "bnds"),
                np.stack([starts[:-1], starts[1:]], axis=1),
            ),
        },
        {
            "time": (
                "time",
                (starts[:-1] + starts[1:]) / 2,
                {"units": units, "calendar": calendar, "bounds": "time_bnds"},
            ),
            "lat": ("lat", latitudes, {"units": "degrees_north"}),
            "lon": ("lon", longitudes, {"units": "degrees_east"}),
        },
    )
    path = folder / "gpp_Lmon_model.zarr"
    dataset.to_zarr(path, zarr_format=2, consolidated=True)
    return str(path)


def carbon_dioxide(folder: Path) -> str:
    """A yearly rate in grams of carbon dioxide, which nobody knows by its name."""
    latitudes, longitudes = centres(6, start=-90), centres(6, start=-180)
    flux = np.stack([field(latitudes, longitudes, year) for year in YEARS])
    dataset = xr.Dataset(
        {"uptake": (("year_time", "lat", "lon"), flux / CARBON_IN_CO2)},
        {
            "year_time": (
                "year_time",
                numbers(
                    [cftime.datetime(y, 7, 1) for y in YEARS], "days since 2000-01-01"
                ),
                {"units": "days since 2000-01-01"},
            ),
            "lat": latitudes,
            "lon": longitudes,
        },
    )
    save(dataset, folder / "mine.nc", "uptake")
    return str(folder / "mine.nc")


# How a product is written, its flux, and the keys that the configuration needs beside `files`.
PRODUCTS: dict[str, tuple[Callable[[Path], str], str, dict[str, str]]] = {
    "x_base": (x_base, "gpp", {}),
    "cedar": (cedar, "gpp", {}),
    "fluxcom": (fluxcom, "gpp", {}),
    "gosif": (gosif, "gpp", {}),
    "mod17": (mod17, "gpp", {}),
    "carbontracker": (carbontracker, "nee", {}),
    "cams": (cams, "nee", {}),
    "carboscope": (carboscope, "nee", {}),
    "model": (model, "gpp", {}),
    "mine": (
        carbon_dioxide,
        "gpp",
        {"variable": "uptake", "flux": "gpp", "unit": "gCO2 m-2 yr-1"},
    ),
}

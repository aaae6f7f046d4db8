"""The monthly table of a site: GPP and NEE of every month, and how much of it was measured."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.tower_settings import FluxnetSettings
from forestflux.towers.fluxnet.annual_table import choose_columns
from forestflux.towers.fluxnet.file_names import parse_name
from forestflux.towers.fluxnet.packed_files import PackedFile
from forestflux.towers.fluxnet.period_sums import FluxSums, sum_by_period
from forestflux.towers.fluxnet.releases import (
    choose_release,
    find_coarsest_table,
    list_site_files,
)
from forestflux.towers.fluxnet.site_reader import GIGABYTE, describe_fault

YEARS_ONLY = "YY"


def read_months(
    site: str, files: Sequence[Path], *, settings: FluxnetSettings
) -> tuple[list[dict], dict]:
    """The monthly table of a site and the record beside it.

    A fault of the files is recorded, not raised, as in `read_site`. A site of which there
    are tables of years only has no months, which is no fault.

    Parameters
    ----------
    files : zip and CSV files of the site

    Returns
    -------
    rows : one dictionary with the columns of `FLUXNET_MONTHS` for each month of the coarsest
        table that is finer than years; NaN where a month has no value
    record : site, file (that was read; None where there are tables of years only), fault
        (arguments of `InputError`, or None)
    """
    record: dict = {"site": site, "file": None, "fault": None}
    try:
        limit = settings.max_file_gb * GIGABYTE
        fluxes, _ = list_site_files(site, files, max_bytes=limit)
        tables = [
            file
            for file in choose_release(fluxes, versions=settings.versions)
            if resolution_of(file) != YEARS_ONLY
        ]
        if not tables:
            return [], record
        file, sums = sum_months(tables, settings=settings)
    except InputError as error:
        return [], record | {"fault": describe_fault(error, site)}
    return list_months(site, sums), record | {"file": file.label}


def resolution_of(file: PackedFile) -> str:
    """The resolution that a table's name says; empty where it says none."""
    name = parse_name(file.name)
    return name.resolution if name else ""


def sum_months(
    tables: Sequence[PackedFile], *, settings: FluxnetSettings
) -> tuple[PackedFile, FluxSums]:
    """The coarsest of some tables that carries GPP and NEE, and its monthly sums of both.

    Raises
    ------
    InputError : a table that `sum_by_period` refuses, or no table with the columns
    """
    columns = choose_columns(
        partitioning=settings.partitioning, threshold=settings.threshold
    )
    needed = [columns.gpp, columns.nee]
    file, resolution, _ = find_coarsest_table(tables, [*needed, columns.quality])
    sums = sum_by_period(
        file, unit="M", resolution=resolution, needed=needed, quality=columns.quality
    )
    return file, sums


def list_months(site: str, sums: FluxSums) -> list[dict]:
    """One dictionary with the columns of `FLUXNET_MONTHS` for each month."""
    # Where a partitioning failed, some files hold zero all year, others -9999; a winter month
    # of zero GPP is a real one.
    known = np.where(sums.shares > 0, sums.sums, np.nan)
    return [
        {
            "site": site,
            "year": int(year),
            "month": int(month),
            "gpp": float(gpp),
            "nee": float(nee),
            "completeness": float(share),
        }
        for year, month, (gpp, nee), share in zip(
            sums.years, sums.months, known, sums.shares[:, 0], strict=True
        )
    ]

"""The measured months of the rows of a training table."""

import numpy as np
import pandas as pd

from forestflux.core.calendars.months import MONTHS
from forestflux.core.input_errors import InputError
from forestflux.models.seasons.shares import SHARED_FLUXES

SITE_YEAR = ["site", "year"]


def match_months(table: pd.DataFrame, months: pd.DataFrame) -> np.ndarray:
    """GPP and RECO of each month (row, flux, month), gC m-2 month-1; NaN of rows without months.

    Parameters
    ----------
    table : columns site, year
    months : the table `SITE_MONTHS`

    Raises
    ------
    InputError : no row has months
    """
    wide = months.pivot(index=SITE_YEAR, columns="month", values=list(SHARED_FLUXES))
    wanted = pd.MultiIndex.from_product([SHARED_FLUXES, range(1, MONTHS + 1)])
    rows = wide.reindex(
        index=pd.MultiIndex.from_frame(table[SITE_YEAR]), columns=wanted
    )
    matched = rows.to_numpy(float).reshape(len(table), len(SHARED_FLUXES), MONTHS)
    if not np.isfinite(matched).all(axis=(1, 2)).any():
        raise InputError(
            "site_months.csv",
            variable="site, year",
            expected="months of some site-year that trains",
            found="none",
        )
    return matched

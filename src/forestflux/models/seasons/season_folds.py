"""One fold of the season models: fit on its training rows, give the shares of unseen rows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forestflux.core.calendars.months import MONTHS
from forestflux.core.input_errors import InputError
from forestflux.core.names import NETWORK
from forestflux.jobs.settings.flux_settings import SeasonSettings
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.jobs.tables import Column, TableSchema
from forestflux.models.network_training import member_seed
from forestflux.models.seasons.mean_seasons import MeanSeasons
from forestflux.models.seasons.season_regressor import SeasonRegressor
from forestflux.models.seasons.season_training import train_season
from forestflux.models.seasons.season_trees import SeasonTrees
from forestflux.models.seasons.shares import (
    MEAN_SEASON,
    TREES,
    SeasonModel,
    predict_sample_shares,
)
from forestflux.prepare.folds import check_trainable, split_rows
from forestflux.prepare.sample_table import Samples

# Word in the seed of a fold, so that no network of years has the same.
SEED_WORD = "season"
# Towers that an error names.
MOST_NAMED = 5

MONTH_SHARES = TableSchema(
    path="months/shares.{split}.csv",
    row="a month of an unseen forest site-year as one season model gives it",
    columns=(
        Column("model", "`cnn`, `mean_season` or a classical model", "text"),
        Column("split", "`site`, `cluster`, `random` or `holdout`", "text"),
        Column("fold", "fold of the split that held the row out", "integer"),
        Column("site", "code of the tower", "text"),
        Column("year", "calendar year", "integer"),
        Column("month", "calendar month, 1-12", "integer"),
        Column("gpp_share", "share of the month in GPP of the year", unit="1"),
        Column("reco_share", "share of the month in RECO of the year", unit="1"),
    ),
)


def run_season_fold(
    samples: Samples,
    months: np.ndarray,
    *,
    split: str,
    fold: int,
    settings: SeasonSettings,
    train: TrainSettings,
    classical: Sequence[str],
    seed: int,
) -> tuple[SeasonRegressor, pd.DataFrame]:
    """The season network of a fold, and the shares that each model gives its unseen rows.

    Parameters
    ----------
    samples : all used rows; no model sees those that the fold does not train on
    months : GPP and RECO (sample, flux, month) of these rows, NaN where there are none
    split, fold : as in `forestflux.prepare.folds.split_rows`
    settings, train : sections `fluxes.season` and `train`
    classical : models of `baseline.models`, of which extra trees have a season too
    seed : of the run

    Returns
    -------
    network, and the table `MONTH_SHARES`

    Raises
    ------
    InputError : as `forestflux.prepare.folds.check_trainable`; no row with months to train on
    """
    teach, unseen = split_rows(samples.table, split, fold)
    check_trainable(samples.table, teach, split=split)
    check_months(samples.table, months, teach, split=split, fold=fold)
    own, known = samples.take(teach), months[teach]
    own_seed = member_seed(seed, f"{SEED_WORD} {split}", fold, 0)
    network = train_season(own, known, settings=settings, train=train, seed=own_seed)
    models: dict[str, SeasonModel] = {
        NETWORK: network,
        MEAN_SEASON: MeanSeasons.of(own, known),
    }
    if TREES in classical:
        models[TREES] = SeasonTrees.of(own, known, seed=own_seed)
    rows = samples.take(unseen)
    parts = [
        list_shares(rows.table, predict_sample_shares(model, rows)).assign(
            model=name, split=split, fold=fold
        )
        for name, model in models.items()
    ]
    return network, pd.concat(parts, ignore_index=True)[MONTH_SHARES.names]


def check_months(
    table: pd.DataFrame, months: np.ndarray, teach: np.ndarray, *, split: str, fold: int
) -> None:
    """Refuse months of so few towers that a fold has none to learn from.

    Parameters
    ----------
    table : of all used rows
    months : of these, as in `run_season_fold`
    teach : positions of the rows that train
    """
    taught = np.isfinite(months).all(axis=(1, 2)) & (table["weight"].to_numpy() > 0)
    if taught[teach].any():
        return
    sites = table.loc[taught, "site"].unique()
    named = ", ".join(sites[:MOST_NAMED]) + (", ..." if len(sites) > MOST_NAMED else "")
    raise InputError(
        "site_months.csv",
        variable="site",
        expected=f"months of some tower that trains fold {fold} of the split {split}: towers of"
        f" two folds or more need months, because a tower is judged by models of the others",
        found=f"months of {named} only"
        if len(sites)
        else "months of no tower that trains",
    )


def list_shares(table: pd.DataFrame, shares: np.ndarray) -> pd.DataFrame:
    """Shares (flux, row, month) as a table with a row for each month of each row."""
    gpp, reco = shares.reshape(2, -1)
    return pd.DataFrame(
        {
            "site": np.repeat(table["site"].to_numpy(str), MONTHS),
            "year": np.repeat(table["year"].to_numpy(int), MONTHS),
            "month": np.tile(np.arange(1, MONTHS + 1), len(table)),
            "gpp_share": gpp,
            "reco_share": reco,
        }
    )

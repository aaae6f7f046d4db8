"""The transfer step balance: an equal say for forest types and climates."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from forestflux.core.climates import climate_of
from forestflux.core.names import FOREST_TYPES


def balanced_weights(table: pd.DataFrame) -> Tensor:
    """Weights (sample,) that even out forest types and climates, mean 1 over forest.

    A group is a forest type in a climate; its weight is one over the square root
    of its number of sites, a compromise between rows and groups, because a group of one
    site must not rule.
    """
    group = table["igbp"].astype(str) + climate_of(table["lat"])
    sites = table["site"].groupby(group).transform("nunique")
    weight = 1 / np.sqrt(sites.to_numpy(float))
    forest = table["igbp"].isin(FOREST_TYPES).to_numpy()
    return torch.from_numpy((weight / weight[forest].mean()).astype("float32"))

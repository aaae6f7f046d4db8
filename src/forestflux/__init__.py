"""forestflux: annual GPP and NEE of forests from satellite series, with uncertainty."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forestflux.ensemble.model_folder import load_model
    from forestflux.ensemble.season_folder import load_season
    from forestflux.publish.months.month_reading import open_months
    from forestflux.publish.product_reading import open_product

__version__ = "0.2.0.dev0"
__all__ = ["load_model", "load_season", "open_months", "open_product"]

# Where each name lies. It is imported on first use: forestflux alone must not import torch.
HOMES = {
    "load_model": "forestflux.ensemble.model_folder",
    "load_season": "forestflux.ensemble.season_folder",
    "open_months": "forestflux.publish.months.month_reading",
    "open_product": "forestflux.publish.product_reading",
}


def __getattr__(name: str) -> object:
    """Give a function of the package on first use."""
    if name not in HOMES:
        raise AttributeError(f"module 'forestflux' has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    """The names for users, the version among them."""
    return sorted([*__all__, "__version__"])

"""forestflux: annual GPP and NEE of forests from satellite series, with uncertainty."""

__version__ = "0.2.0.dev0"


def __getattr__(name: str) -> object:
    """Give `load_model` on first use: importing forestflux alone must not import torch."""
    if name == "load_model":
        from forestflux.ensemble.model_folder import load_model

        return load_model
    raise AttributeError(f"module 'forestflux' has no attribute {name!r}")

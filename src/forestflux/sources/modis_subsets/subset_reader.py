"""Every file of a folder of subsets as images around towers."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from forestflux.core.input_errors import InputError
from forestflux.sources.modis_subsets import appeears, ornl
from forestflux.sources.modis_subsets.file_kinds import recognise_kind
from forestflux.sources.modis_subsets.subset_band import SubsetBand
from forestflux.sources.modis_subsets.subset_table import (
    LayerFacts,
    SubsetTable,
    index_layers,
)
from forestflux.sources.modis_subsets.tower_images import TowerImages
from forestflux.sources.modis_subsets.tower_match import (
    Tower,
    TowerMatch,
    crop_window,
    match_towers,
)

LOG = logging.getLogger(__name__)

# Images by row of the tower, product and layer.
ImageIndex = dict[tuple[int, str, str], list[TowerImages]]


def read_files(
    files: Sequence[Path],
    towers: Sequence[Tower],
    table: SubsetTable,
) -> ImageIndex:
    """The images around towers of every file; files that are not used are logged."""
    known = index_layers(table)
    found: ImageIndex = {}
    # One file at a time; of each only the windows around towers stay in memory.
    for path in tqdm(files, desc="subsets", disable=None):
        for band in read_bands(path, known):
            facts = known.get((band.product, band.layer))
            if facts is None:
                LOG.info("not used: %s: no variable takes %s", path, band.label)
                continue
            matches = match_towers(
                band, towers, pixel_m=facts.pixel_m, window=facts.window
            )
            if not matches and band.place is not None:
                LOG.info("not used: %s: no tower at %g, %g", path, *band.place)
            for match in matches:
                key = (match.tower, band.product, band.layer)
                found.setdefault(key, []).append(crop_images(band, match, facts))
    return found


def read_bands(
    path: Path, known: Mapping[tuple[str, str], LayerFacts]
) -> list[SubsetBand]:
    """The bands of a file; none of a file that is no subset."""
    kind = recognise_kind(path)
    if kind == "ornl_json":
        return ornl.read_json_bands(path)
    if kind == "ornl_csv":
        return ornl.read_csv_bands(path)
    if kind == "appeears":
        scaling = {key: facts.scaled for key, facts in known.items()}
        return appeears.read_points(path, scaling)
    LOG.info("not used: %s: no subset", path)
    return []


def crop_images(band: SubsetBand, match: TowerMatch, facts: LayerFacts) -> TowerImages:
    """The images of a band around a tower.

    Raises
    ------
    InputError : numbers that the layer's type cannot hold
    """
    limits = np.iinfo(facts.dtype)
    values = crop_window(
        band.values,
        match,
        window=facts.window,
        native_m=facts.native_m,
        pixel_m=facts.pixel_m,
    )
    bad = (values < limits.min) | (values > limits.max)
    if bad.any():
        raise InputError(
            band.path,
            variable=band.layer,
            expected=f"{facts.dtype} from {limits.min} to {limits.max}",
            found=f"{values[bad][0]} ({int(bad.sum())} such pixels)",
        )
    if np.any(np.diff(band.days).astype(int) < 0):
        LOG.info("out of order: %s: dates of %s, put in order", band.path, band.label)
    rows, columns = band.values.shape[1:]
    return TowerImages(
        path=band.path,
        match=match,
        place=band.place,
        days=band.days,
        ranks=band.ranks,
        values=values.astype(facts.dtype),
        pixels=(rows, columns),
    )

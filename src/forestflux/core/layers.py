"""The layers of maps and products: one table of what each is, in words and numbers.

Every format and the data dictionary take names, types, units and words from here, so that
they cannot disagree. Maps say `gC m-2 yr-1`; products say `g m-2 yr-1`, which UDUNITS
can read, and say in words that it is carbon.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from forestflux.core.names import FLUX_UNIT, FOREST_TYPES

# The layer that only a run with a region has.
REGION_SHARE = "region_share"
# Value of flags where there is no forest.
NOT_FOREST = 255
CF_FLUX_UNIT = "g m-2 yr-1"

GROUND = "Per m2 of forest ground and calendar year."
POSITIVE = f"{GROUND} Positive as a rate; NEE = RECO - GPP."
SIGN = f"{GROUND} Negative is uptake of carbon by the forest."
BIAS = (
    " Learnt at flux towers: on the Earth it overstates the sink, in the tropics several"
    " times, and it knows of no fire, harvest or river. It is not a carbon budget."
)
CELL_BOUND = (
    " For one cell: calibrated on sites that the networks had not seen. Errors of"
    " neighbouring cells go together, so bounds of a sum do not follow from these."
)
CARBON = (
    " Mass is that of carbon. The yr of the unit is the calendar year; UDUNITS takes"
    " 365.2422 days, which a conversion to seconds misses by up to 0.2 %."
)


@dataclass(frozen=True)
class Layer:
    """What one layer is.

    Attributes
    ----------
    long_name : in words; `{level:.0%}` is the nominal coverage of the interval
    dtype : of the stored numbers
    units : UDUNITS text as products carry it; empty for flags
    standard_name : of the CF table, where one has this sign and meaning
    comment : what must be known before a number is used
    flags : meaning of each value, for categories
    missing : number of a flag where there is no value (CF `_FillValue`)
    beside : layers that qualify this one (CF `ancillary_variables`)
    """

    long_name: str
    dtype: str = "float32"
    units: str = "1"
    standard_name: str = ""
    comment: str = ""
    flags: dict[int, str] = field(default_factory=dict)
    missing: int | None = None
    beside: tuple[str, ...] = ()

    def attributes(self, *, level: float = math.nan) -> dict[str, object]:
        """CF attributes of the layer in a product.

        Parameters
        ----------
        level : nominal coverage of the intervals, 0-1; bounds need it
        """
        flux = self.units == CF_FLUX_UNIT
        texts = {
            "long_name": self.long_name.format(level=level),
            "units": self.units,
            "standard_name": self.standard_name,
            "comment": self.comment + (CARBON if flux else ""),
            "ancillary_variables": " ".join(self.beside),
        }
        found: dict[str, object] = {key: text for key, text in texts.items() if text}
        if self.flags:
            found["flag_values"] = list(self.flags)
            found["flag_meanings"] = " ".join(self.flags.values())
        return found

    def map_attributes(self, *, level: float) -> dict[str, object]:
        """The same in the project's own stores: its own unit, and no quality flag.

        They are read as stored, so that a cell without a value has a flag as well.
        """
        found = self.attributes(level=level)
        if self.missing is not None:
            found["flag_values"] = [*self.flags, self.missing]
            found["flag_meanings"] = f"{found['flag_meanings']} no_forest"
        if self.beside:
            beside = (name for name in self.beside if name != "quality")
            found["ancillary_variables"] = " ".join(beside)
        if self.units == CF_FLUX_UNIT:
            found |= {"units": FLUX_UNIT, "comment": self.comment}
        return found


def _bound(flux: str, side: str) -> Layer:
    """A bound of the interval of a flux."""
    sign = SIGN if flux == "nee" else POSITIVE
    return Layer(
        f"{side} bound of the {{level:.0%}} interval of {flux.upper()}",
        units=CF_FLUX_UNIT,
        comment=sign + CELL_BOUND,
    )


_QUALIFY = ("quality", "applicable", "dissimilarity", "gap_fraction", "forest_fraction")

LAYERS = {
    "gpp": Layer(
        "gross primary production (GPP) of forest",
        units=CF_FLUX_UNIT,
        standard_name="gross_primary_productivity_of_biomass_expressed_as_carbon",
        comment=POSITIVE,
        beside=("gpp_lower", "gpp_upper", *_QUALIFY),
    ),
    "gpp_lower": _bound("gpp", "lower"),
    "gpp_upper": _bound("gpp", "upper"),
    # CF (table 93) has no name for RECO as a whole.
    "reco": Layer(
        "ecosystem respiration (RECO) of forest, positive into the air",
        units=CF_FLUX_UNIT,
        comment=POSITIVE,
        beside=_QUALIFY,
    ),
    # CF (table 93) names net ecosystem production, GPP - RECO: the meaning of NEE with the
    # other sign, so NEE must not carry it. Its net land fluxes count downward too and
    # hold fire, harvest and land use.
    "nee": Layer(
        "net ecosystem exchange (NEE = RECO - GPP) of forest, negative is uptake",
        units=CF_FLUX_UNIT,
        comment=SIGN + BIAS,
        beside=("nee_lower", "nee_upper", *_QUALIFY),
    ),
    "nee_lower": _bound("nee", "lower"),
    "nee_upper": _bound("nee", "upper"),
    "dissimilarity": Layer(
        "dissimilarity index to the towers that the networks learnt from",
        comment=(
            "Distance of the year's series and forest type to the nearest training row,"
            " over the mean distance of two training rows (Meyer and Pebesma 2021, doi"
            " 10.1111/2041-210X.13650). Without a value where there is no forest,"
            " where gaps leave too little to compare, and on forest types without a tower."
        ),
    ),
    "gap_fraction": Layer(
        "share of the year's input values that are gaps",
        comment="Mean over the six variables.",
    ),
    "forest_fraction": Layer(
        "share of the cell that is forest",
        comment="IGBP classes 1-5. Forest ground of a cell is its area times this.",
    ),
    "forest_type": Layer(
        "forest type (IGBP) with the largest share",
        dtype="uint8",
        units="",
        flags=dict(enumerate(("none", *FOREST_TYPES))),
    ),
    "applicable": Layer(
        "whether the cell is inside the area of applicability",
        dtype="uint8",
        units="",
        comment=(
            "Outside, the year's series and forest type are unlike all that the networks"
            " learnt from; skill and coverage of the intervals are not known there."
        ),
        flags={0: "outside", 1: "inside"},
        missing=NOT_FOREST,
    ),
    "quality": Layer(
        "quality of the estimate",
        dtype="uint8",
        units="",
        standard_name="quality_flag",
        comment=(
            "gaps: more of the year's input values are missing than the networks met in"
            " training; outside: outside the area of applicability."
        ),
        flags={
            0: "good",
            1: "gaps",
            2: "outside",
            3: "gaps_and_outside",
        },
        missing=NOT_FOREST,
    ),
    "cell_area": Layer(
        "area of the cell on the WGS 84 ellipsoid",
        dtype="float64",
        units="m2",
        standard_name="cell_area",
    ),
}

REGION_LAYERS = {
    REGION_SHARE: Layer(
        "share of the area of the cell that lies in the region",
        comment="Forest ground of a cell in the region is its area times forest_fraction"
        " times this.",
    )
}


def list_layers(*, region: bool) -> dict[str, Layer]:
    """The layers of products, by name; those of a run with a region have one more."""
    return LAYERS | (REGION_LAYERS if region else {})


def flagged(layer: xr.DataArray, meaning: str) -> xr.DataArray:
    """Cells whose flags hold a meaning, bool, dimensions as the layer.

    Parameters
    ----------
    layer : sums of its attribute `flag_masks`, named by `flag_meanings`
    meaning : one of the words of `flag_meanings`
    """
    meanings = layer.attrs["flag_meanings"].split()
    mask = np.atleast_1d(layer.attrs["flag_masks"])[meanings.index(meaning)]
    return (layer & np.uint8(mask)) > 0

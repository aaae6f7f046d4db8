"""What readers are told about each quantity of the recovery table: group and label."""

import re
from dataclasses import dataclass

from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES
from forestflux.evaluation.evaluation_schemas import RECOVERY

TEST_LABELS = {
    "difference": "the pair of years",
    "window_difference": "windows of years",
    "slope": "the slope",
}
DETECTION_LABELS = {"found": "found by", "alarm": "false alarms of", "auc": "AUC of"}
# Group and label by what follows the flux in the name; `{rest}` is the name of a band. The
# first that fits is taken, and their order is that of the rows of a figure.
LABELS = {
    r"total_\d{4}": ("year", "total"),
    r"total_(?P<rest>.+)": ("band", "{rest}"),
    r"mean": ("mean", "mean"),
    r"change": ("change", "all forests"),
    r"series_slope": ("slope", "all forests"),
    r"planted_slope": ("slope", "all, without weather"),
    r"(planted|series)_slope_(?P<rest>.+)": ("slope", "{rest}, without weather"),
    r"cell_rms": ("size", "error of a cell"),
    r"zonal_rms": ("size", "error of a latitude"),
    r"disturbance_effect": ("size", "effect of disturbance"),
    r"share_within_interval": ("share", "inside, all cells"),
    r"share_within_interval_inside": ("share", "inside, applicable cells"),
    r"share_within_interval_outside": ("share", "inside, other cells"),
    r"cell_r2": ("share", "R² of cells"),
    r"change_cell_r2": ("share", "R² of their change"),
    r"slope_found": ("detection", "rising GPP, the slope"),
    **{
        f"disturbance_{kind}_{test}": ("detection", f"{words} {name}")
        for kind, words in DETECTION_LABELS.items()
        for test, name in TEST_LABELS.items()
    },
}

# What the quantities of a group are, in words.
GROUP_NAMES = {
    "area": "area",
    "year": "annual total",
    "band": "mean annual total by band",
    "mean": "mean flux",
    "change": "change between the pair of years",
    "slope": "slope of the mean flux",
    "size": "errors (root mean square) and effects",
    "share": "shares of cells, and R²",
    "detection": "what the tests of change detect",
}


@dataclass(frozen=True)
class Quantity:
    """One quantity of the recovery table in words.

    Attributes
    ----------
    flux : gpp, reco or nee; "" for none
    group : quantities that stand on one axis; `year` is an annual total
    label : in words, unique within flux and group but for years
    order : of the labels of a group
    year : of an annual total, else None
    """

    flux: str
    group: str
    label: str
    order: int
    year: int | None = None


def describe_quantity(name: str) -> Quantity:
    """What a quantity of the recovery table is, in words.

    Parameters
    ----------
    name : `gpp_total_2003`, `nee_total_boreal`, `gpp_disturbance_auc_slope`

    Raises
    ------
    InputError : the table has a quantity that nothing describes
    """
    if name == "forest_area":
        return Quantity("", "area", "forest area", 0)
    flux, _, rest = name.partition("_")
    if flux in FLUXES:
        for order, (pattern, (group, label)) in enumerate(LABELS.items()):
            found = re.fullmatch(pattern, rest)
            if found:
                band = found.groupdict().get("rest", "").replace("_", " ")
                year = int(rest[-4:]) if group == "year" else None
                words = label.replace("{rest}", band)
                return Quantity(flux, group, words, order, year)
    raise InputError(
        RECOVERY.path,
        variable="quantity",
        expected="one that docs/reference/tables.md names",
        found=name,
    )

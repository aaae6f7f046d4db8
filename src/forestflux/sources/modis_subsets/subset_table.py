"""The table of layers: how files of subsets name what a variable needs."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from forestflux.core.calendars.eight_day import STEP_DAYS
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.product_table import ProductTable
from forestflux.core.product_tables.products import Extract, Mask, StoredNumber
from forestflux.core.reading.typed_input import FrozenModel
from forestflux.core.reading.yaml_files import read_yaml

Number = int | float
Role = Literal["band", "quality_band", "quality_detail"]
ROLES: tuple[Role, ...] = get_args(Role)


class SubsetLayer(FrozenModel):
    """One choice of layers for a variable, see `config/subsets.yaml`."""

    products: tuple[str, ...]
    pixel_m: float
    band: str
    quality_band: str | None = None
    quality_detail: str | None = None

    def name(self, role: Role) -> str | None:
        """Name of the layer with a role; None where the products have none."""
        return getattr(self, role)


class QualityCode(FrozenModel):
    """A rule on the bits of `quality_detail` that gives the code of `quality_band`."""

    bits: tuple[int, int]
    values: tuple[int, ...]
    code: int


class StoredNumbers(FrozenModel):
    """How a variable's images are stored: a part of the product table's column `tower`."""

    dtype: str
    quality_dtype: str
    absent: StoredNumber
    quality_absent: int
    window: int


class ScaledNumbers(FrozenModel):
    """How AppEEARS scales a layer: a part of the product table's column `tower`."""

    scale: float
    offset: float
    fill: tuple[Number, ...]
    physical: tuple[Number, Number]
    """Range of plausible values in the unit of the file."""


class VariableLayers(FrozenModel):
    """The layers of a variable, in order of preference."""

    layers: tuple[SubsetLayer, ...]
    quality_codes: tuple[QualityCode, ...] = ()
    quality_unknown: int


class SubsetVariable(VariableLayers):
    """All that is needed to read the files of a variable."""

    stored: StoredNumbers
    scaled: ScaledNumbers


class SubsetTable(FrozenModel):
    """The layers of every variable that subsets can have."""

    variables: dict[str, SubsetVariable]


def read_subset_table(
    path: Path, products: ProductTable, *, inputs: Collection[str] | None = None
) -> SubsetTable:
    """The table of layers, with the numbers of the product table.

    Only those numbers are in it that a reader of files needs: a change of a quality rule
    then reads no file again.

    Parameters
    ----------
    products : the whole product table, whose variables may have layers
    inputs : the input series of the run, which alone are kept; all where not given

    Raises
    ------
    InputError : the file is not YAML, names an unknown variable, or an entry has unknown,
        missing or mistyped keys
    """
    content = read_yaml(path)
    variables, towers = {}, products.column("tower")
    for variable, entry in content.items():
        if variable not in towers:
            expected = f"one of {', '.join(towers)}"
            raise InputError(path, variable=variable, expected=expected, found="none")
        layers = VariableLayers.read(entry, path, within=variable)
        if inputs is None or variable in inputs:
            mask = towers[variable].mask
            if mask is None:
                expected = "an input series, which has the part mask"
                raise InputError(
                    path, variable=variable, expected=expected, found="none"
                )
            variables[variable] = add_numbers(layers, towers[variable].extract, mask)
    return SubsetTable(variables=variables)


def add_numbers(entry: VariableLayers, extract: Extract, mask: Mask) -> SubsetVariable:
    """The layers of a variable with the numbers of its product."""
    # A value of AppEEARS is the sum over the composite, the table's range is of one day.
    days = STEP_DAYS if mask.per_composite else 1
    low, high = mask.physical
    return SubsetVariable(
        **dict(entry),
        stored=StoredNumbers(
            dtype=extract.dtype,
            quality_dtype=str(extract.quality_dtype),
            absent=extract.absent,
            quality_absent=extract.quality_absent,
            window=extract.window,
        ),
        scaled=ScaledNumbers(
            scale=mask.scale,
            offset=mask.offset,
            fill=mask.fill,
            physical=(low * days, high * days),
        ),
    )


class LayerFacts(NamedTuple):
    """What is known of a layer of a product.

    Attributes
    ----------
    pixel_m, native_m : side of its pixel and of the variable's native pixel, m
    window : native pixels on each side of a tower's window
    dtype : in which it is stored
    scaled : how AppEEARS scales it; None for quality layers, which it leaves as stored
    """

    pixel_m: float
    native_m: float
    window: int
    dtype: str
    scaled: ScaledNumbers | None


def index_layers(table: SubsetTable) -> dict[tuple[str, str], LayerFacts]:
    """What is known of each layer, by product and name of the layer."""
    facts = {}
    for entry in table.variables.values():
        stored = entry.stored
        dtypes = {
            "band": stored.dtype,
            "quality_band": stored.quality_dtype,
            "quality_detail": "uint16",
        }
        for layer in entry.layers:
            for role in ROLES:
                name = layer.name(role)
                if name is None:
                    continue
                for product in layer.products:
                    facts[product, name] = LayerFacts(
                        pixel_m=layer.pixel_m,
                        native_m=entry.layers[0].pixel_m,
                        window=stored.window,
                        dtype=dtypes[role],
                        scaled=entry.scaled if role == "band" else None,
                    )
    return facts

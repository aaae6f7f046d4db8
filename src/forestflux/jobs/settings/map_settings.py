"""Settings: model, infer, publish, upload, online."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from forestflux.jobs.settings.section import Section, key


class UnseenTrend(Section):
    """How large a trend of the fluxes of all forest can be that no input shows.

    Standard deviations of what is held possible before towers are asked. A hundred towers with
    a few years each say little about a trend that all of them share, so these numbers decide
    much of the interval of a change.
    """

    gpp: float = key(0.3, unit="% of the mean GPP a year", gt=0)
    """Of GPP. The effect of CO2 alone is put at 0.09 to 0.24 (theory) and 0.3 (towers)."""

    nee: float = key(0.1, unit="% of the mean GPP a year", gt=0)
    """Of NEE. The sink of all land has grown by some 0.04 a year since 2000."""


class ModelSettings(Section):
    """The trained model and the area in which it can be believed."""

    years: Literal["response", "between"] = key("response", unit="name")
    """How the years of a place differ. `response` adds to the level of the place what is
    learnt from differences between years of the same tower. `between` takes what the
    networks give for each year, as if years differed like places; for comparison.
    """

    co2: Literal["none", "theory", "towers"] = key("none", unit="name")
    """Effect of CO2 in the air on GPP and RECO that is added to the maps. It is planted, not
    learnt, because no input shows it. `theory`: light-limited photosynthesis, 1.3 % from 2003
    to 2018 at 5 degrees C and 3.6 % at 25; `towers`: 0.138 % per ppm everywhere.
    """

    unseen_trend: UnseenTrend = UnseenTrend()

    dissimilarity_quantile: float | None = key(None, unit="1", le=1, gt=0)
    """Quantile of the dissimilarity index of training rows to other folds above which a
    cell is outside the area of applicability; null for the upper whisker: 75th
    percentile + 1.5 interquartile ranges, at most the largest.
    """


class InferSettings(Section):
    """Fluxes of the forest cells of the tiles."""

    min_forest_fraction: float = key(0.05, unit="share of the cell", ge=0, le=1)
    """Cells with less forest are left out of maps and totals; their signal is that of
    other land.
    """

    batch_cells: int = key(2048, unit="cells", runtime=True, ge=1)
    """Cells that a thread works on at once; less needs less memory, results are the
    same.
    """

    device: Literal["auto", "cpu", "cuda"] = key("auto", unit="name", runtime=True)
    """Where the networks run; auto takes a GPU where there is one. With `infer.precision: auto`
    a GPU takes bfloat16, so that fluxes differ within the tolerance in
    docs/explanation/scaling.md, and tiles that are inferred already stay as they are. Choose the
    precision where parts of a run come from different machines.
    """

    precision: Literal["auto", "float32", "bfloat16"] = key("auto", unit="name")
    """Numbers inside the convolutional block. auto takes bfloat16 where the processor
    or GPU multiplies it in hardware; maps of machines with and without it then differ
    within the tolerance in docs/explanation/scaling.md. float32 is the same everywhere within
    rounding.
    """

    threads: int = key(2, unit="threads", runtime=True, ge=1)
    """Threads of a job that run the networks; at most the cores that Snakemake has."""


NO_LICENSE = "other"  # STAC's word until whoever publishes has chosen one


class PublishSettings(Section):
    """The files of a year that readers open."""

    max_gap_fraction: float = key(0.7, unit="1", ge=0, le=1)
    """Share of the year's input values that may be gaps before the quality flag says
    so; the most that is hidden in training by default.
    """

    license: str = key(NO_LICENSE, unit="SPDX identifier", pattern=r"^[A-Za-z0-9.+-]+$")
    """Licence of the products as STAC names it, for example `CC-BY-4.0`; `other` until
    you choose one.
    """

    institution: str = key("not stated", unit="text", min_length=1)
    """Who publishes the products."""

    zarr_format: Literal[2, 3] = key(3, unit="version")
    """Version of the Zarr stores of the products. 3 has a checksum in each chunk; 2 is also
    read by zarr-python before 3 and by GDAL (docs/how-to/products.md).
    """

    def to_choose(self) -> tuple[str, ...]:
        """What whoever shares the products has not chosen yet, a sentence each."""
        open_choices = {
            "No licence is chosen: set publish.license.": self.license == NO_LICENSE,
            "No institution is named: set publish.institution.": (
                self.institution == "not stated"
            ),
        }
        return tuple(text for text, still_open in open_choices.items() if still_open)


class UploadSettings(Section):
    """A copy of the products on object storage."""

    to: str | None = key(None, unit="address", pattern=r"^(s3|gs|az|file)://.")
    """Where the products are copied to, such as `s3://bucket/folder`; the products of a
    run lie in `{to}/{run}/`. Credentials and endpoint come from the environment
    (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL` and so on). Null for no copy.
    """


Box = tuple[float, float, float, float]


def check_box(box: Box) -> Box:
    """West, south, east and north as they are; what is no box on the globe is refused."""
    west, south, east, north = box
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ValueError("a box of degrees that does not cross 180 degrees")
    return box


class OnlineSettings(Section):
    """The trained model as an expression of Earth Engine, target `online`."""

    year: int | None = key(None, unit="year", ge=2000, le=2100)
    """The year whose fluxes it gives; null for the last mapped year."""

    region: Annotated[Box, AfterValidator(check_box)] = key(
        (-180.0, -60.0, 180.0, 80.0), unit="degrees"
    )
    """West, south, east and north of what the script shows and exports."""

    applicability: bool = True
    """Whether it has the layers `dissimilarity` and `applicable`, whose training rows are a
    part of the expression.
    """

    card: str = key("not stated", unit="address", min_length=1)
    """Address under which readers find the model card."""

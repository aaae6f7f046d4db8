"""Settings: gates."""

from forestflux.jobs.settings.section import Range, Section, key


class FluxRanges(Section):
    """Annual fluxes that a forest can have."""

    gpp: Range = key((0, 5000), unit="gC m-2 yr-1")
    """Lowest and highest GPP."""

    reco: Range = key((0, 5000), unit="gC m-2 yr-1")
    """Lowest and highest RECO."""

    nee: Range = key((-2000, 2000), unit="gC m-2 yr-1")
    """Lowest and highest NEE."""


class JumpLimits(Section):
    """Largest change of a global total from one year to the next."""

    gpp: float = key(5.0, unit="percent of mean GPP", ge=0)
    """Of GPP."""

    nee: float = key(3.0, unit="percent of mean GPP", ge=0)
    """Of NEE."""


class TruthLimits(Section):
    """Errors against the simulated planet's truth, and how often intervals hold it."""

    forest_area: float = key(5.0, unit="percent", ge=0)
    """Largest error of the forest area."""

    gpp_total: float = key(10.0, unit="percent", ge=0)
    """Largest error of the total of GPP of a year."""

    nee_total: float = key(35.0, unit="percent", ge=0)
    """Largest error of the total of NEE of a year."""

    coverage: float = key(0.6, unit="1", ge=0, le=1)
    """Least share of types, bands, continents and countries whose interval of a total, change
    or trend holds the truth; below the nominal share, as they share errors of one planet.
    """


class GateSettings(Section):
    """Tests of the maps (docs/explanation/gates.md).

    What is outside its bounds fails, unless it is within the range of a known bias.
    """

    fail: bool = True
    """Whether a failed gate ends the run with an error, after everything else is
    finished; the report shows it in any case.
    """

    ranges: FluxRanges = FluxRanges()

    outside_share: float = key(0.001, unit="share of cells", ge=0, le=1)
    """Largest share of forest cells outside such a range."""

    rounding: float = key(0.005, unit="gC m-2 yr-1", ge=0)
    """Largest difference between NEE and RECO - GPP of a cell and between a flux and
    the mean of its members.
    """

    seam_excess: float = key(0.25, unit="1", ge=0)
    """How much larger the median jump across tile borders may be than beside them."""

    edge_excess: float = key(0.5, unit="1", ge=0)
    """The same at the single edge between two tiles that is worst."""

    seam_sigma: float = key(4.0, unit="standard deviations", ge=0)
    """What chance adds to that, in standard deviations of the ratio among the lines
    beside the borders.
    """

    forest_area: Range = key((32100000000000.0, 41400000000000.0), unit="m2")
    """Forest area of the globe that passes (satellite maps; Sexton et al. 2016)."""

    forest_area_known: Range = key((22000000000000.0, 32100000000000.0), unit="m2")
    """Forest area that is a known bias, as IGBP forest asks for more trees; assumed."""

    gpp_total: Range = key((49, 59), unit="PgC yr-1")
    """Global forest GPP that passes."""

    nee_total: Range = key((-3.9, -3.1), unit="PgC yr-1")
    """Global forest NEE that passes, the sink of inventories (Pan et al. 2024)."""

    nee_total_known: Range = key((-17.5, -3.9), unit="PgC yr-1")
    """Global forest NEE that is a known bias of networks trained at towers; five times
    the sink of inventories at most.
    """

    applicable_share: float = key(0.5, unit="share of forest area", ge=0, le=1)
    """Least share inside the area of applicability."""

    gap_share: float = key(0.6, unit="1", ge=0, le=1)
    """Largest mean share of gaps in the input of the forest."""

    empty_share: float = key(0.01, unit="share of forest area", ge=0, le=1)
    """Largest share that is estimated without any input."""

    gap_coverage: float = key(0.75, unit="1", ge=0, le=1)
    """Least share of unseen site-years inside their interval in any fifth by share of gaps;
    below the nominal share, as towers are few.
    """

    jump_percent: JumpLimits = JumpLimits()

    truth: TruthLimits = TruthLimits()

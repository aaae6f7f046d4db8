"""Settings: mask, samples, folds."""

from forestflux.jobs.settings.section import Range, Section, key


class MaskSettings(Section):
    """Which native pixels are trusted."""

    min_valid_share: float = key(0.3, unit="1", ge=0, le=1)
    """Least share of valid native pixels in a cell or tower window; with less the value
    is a gap.
    """


class PlausibleRanges(Section):
    """Ranges outside which a site-year is dropped, with the reason in samples.csv."""

    gpp: Range = key((0, 5000), unit="gC m-2 yr-1")
    """Lowest and highest annual GPP."""

    reco: Range = key((0, 5000), unit="gC m-2 yr-1")
    """Lowest and highest annual RECO."""

    nee: Range = key((-3000, 3000), unit="gC m-2 yr-1")
    """Lowest and highest annual NEE."""


class SampleSettings(Section):
    """Which labelled site-years train and which series do so without labels."""

    min_quality: float = key(0.5, unit="1", ge=0, le=1)
    """Least `nee_qc` of a site-year that trains; its weight is its `nee_qc`."""

    plausible: PlausibleRanges = PlausibleRanges()

    unlabelled: int = key(5000, unit="series", ge=0)
    """Series of forest cells, drawn at random from the masked tiles, for the first
    transfer step; without tiles the tower years without a used label serve.
    """

    unlabelled_min_forest: float = key(0.5, unit="1", le=1, gt=0)
    """Least forest fraction of a cell that gives an unlabelled series."""

    unlabelled_year: int | None = key(None, unit="year", ge=2000, le=2100)
    """The mapped year that gives them; null for the first. One year, so that a year
    added to the map trains nothing anew.
    """


class FoldSettings(Section):
    """Outer folds by site, by cluster of sites and, if asked for, at random."""

    count: int = key(10, unit="folds", ge=2, le=1000)
    """Folds of each split; no more than there are forest sites or clusters."""

    random: bool = key(False)
    """Whether models are scored on folds of random rows too. Years of one tower are then on
    both sides, so this only shows how much such folds flatter.
    """

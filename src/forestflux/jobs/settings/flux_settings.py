"""Settings: fluxes."""

from forestflux.jobs.settings.section import Section


class FluxSettings(Section):
    """What is estimated beside the fluxes of a year, which stay as they are."""

    months: bool = False
    """Whether each month has GPP, RECO and NEE, which add up to those of the year. Needs
    monthly fluxes of towers: `site_months.csv` (docs/how-to/own-towers.md), FLUXNET archives
    with a table finer than years, or the simulated planet.
    """

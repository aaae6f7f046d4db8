"""How long a plan takes at most, and what it may cost a request to stay without charge."""

from collections.abc import Sequence

import pandas as pd

# Earth Engine ends an interactive request after five minutes.
LONGEST_REQUEST_S = 300
# EECU hours a month without charge, by tier, since 27 April 2026
# (developers.google.com/earth-engine/guides/noncommercial_tiers).
FREE_HOURS = {"Community": 150, "Contributor": 1000, "Partner": 100_000}


def time_line(plans: Sequence[pd.DataFrame], *, in_flight: int) -> str:
    """The most hours that the requests of some plans take, as a line of text.

    Nobody knows offline how long Earth Engine computes; it gives up after five minutes.

    Parameters
    ----------
    plans : tables of `request_plan.plan_of`
    in_flight : most requests under way at once
    """
    requests = count_requests(plans)
    rounds = -(-requests // in_flight)
    hours = rounds * LONGEST_REQUEST_S / 3600
    return (
        f"{requests} requests to send take {hours:.1f} hours at most, {in_flight} at a"
        f" time, if none has to be sent again: Earth Engine ends each after"
        f" {LONGEST_REQUEST_S // 60} minutes. Compute units are not known before a pilot"
        " (config/pilot.yaml)."
    )


def cost_line(plans: Sequence[pd.DataFrame]) -> str:
    """What a request may cost so that a month's free compute lasts, by tier, as a line of text.

    Earth Engine says what a request has cost only when it is done, and it counts no bytes
    against the free compute.

    Parameters
    ----------
    plans : tables of `request_plan.plan_of`
    """
    requests = count_requests(plans)
    if not requests:
        return "Everything is in the cache, so nothing costs compute."
    shares = ", ".join(
        f"{3600 * hours / requests:,.0f} in the tier {tier} ({hours:,} EECU hours)"
        for tier, hours in FREE_HOURS.items()
    )
    return (
        "The free compute of a month lasts if a request takes no more EECU seconds on"
        f" average than {shares}."
    )


def count_requests(plans: Sequence[pd.DataFrame]) -> int:
    """Requests of some plans that are still to be sent."""
    return sum(int((plan["requests"] - plan["cached"]).sum()) for plan in plans)

"""How long a plan takes at most."""

from collections.abc import Sequence

import pandas as pd

# Earth Engine ends an interactive request after five minutes.
LONGEST_REQUEST_S = 300


def time_line(plans: Sequence[pd.DataFrame], *, in_flight: int) -> str:
    """The most hours that the requests of some plans take, as a line of text.

    Nobody knows offline how long Earth Engine computes; it gives up after five minutes.

    Parameters
    ----------
    plans : tables of `request_plan.plan_of`
    in_flight : most requests under way at once
    """
    requests = sum(int((plan["requests"] - plan["cached"]).sum()) for plan in plans)
    rounds = -(-requests // in_flight)
    hours = rounds * LONGEST_REQUEST_S / 3600
    return (
        f"{requests} requests to send take {hours:.1f} hours at most, {in_flight} at a"
        f" time, if none has to be sent again: Earth Engine ends each after"
        f" {LONGEST_REQUEST_S // 60} minutes. Compute units are not known before a pilot"
        " (config/pilot.yaml)."
    )

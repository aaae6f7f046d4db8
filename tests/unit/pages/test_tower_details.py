"""Records of towers in the explorer's page are plain JSON, whatever the tables hold."""

import json

import pandas as pd

from forestflux.pages.explorer.tower_details import ESTIMATED, describe_towers


def test_towers_on_whole_degrees_are_plain_json():
    row = {"site": "DE-A", "year": 2003, "igbp": "ENF", "lat": 48, "lon": 7}
    row |= {"forest": True, "holdout": False, "used": True, "reason": ""}
    row |= {"gpp": 1500.0, "reco": 1200.0, "nee": -300.0, "nee_qc": 0.9}
    columns = ["model", "split", "site", "year", *ESTIMATED, "applicable"]
    records = describe_towers(pd.DataFrame([row]), pd.DataFrame(columns=columns))
    (found,) = json.loads(json.dumps(records, allow_nan=False))
    assert (found["lat"], found["lon"], found["igbp"]) == (48.0, 7.0, "ENF")

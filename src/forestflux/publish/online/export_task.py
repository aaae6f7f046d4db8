"""An export task: Earth Engine computes a region and puts it where its owner wants it."""

from typing import Any, Literal

import ee

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.publish.online.code_editor import SHARD_CELLS, transform_of
from forestflux.publish.online.online_export import OnlineModel
from forestflux.publish.online.region import Region
from forestflux.sources.earthengine.client.session import connect

Destination = Literal["drive", "asset", "cloud"]
# What each destination needs to be told.
NEEDED = {
    "drive": "a folder of Google Drive",
    "asset": "the name of an asset, such as projects/mine/assets/fluxes",
    "cloud": "a bucket of Google Cloud Storage",
}
MAX_PIXELS = 10**8


def start_export(
    made: OnlineModel,
    region: Region,
    *,
    destination: Destination,
    name: str,
    runtime: EarthEngineSettings,
) -> str:
    """Start the task and give its identifier, by which the service lists it.

    The client is connected anew, because the offline one cannot start a task.

    Parameters
    ----------
    made : what is exported
    region : cells beyond it are left out
    destination : where the result goes
    name : folder, asset or bucket there
    runtime : how the service is reached

    Raises
    ------
    InputError : no account, or the service does not take the task
    """
    connect(runtime)
    title = f"forestflux_{made.properties['year']}"
    common: dict[str, Any] = {
        "image": ee.Image(ee.deserializer.fromJSON(made.expression)).toFloat(),
        "description": title,
        "region": ee.Geometry.Rectangle(
            [region.west, region.south, region.east, region.north], "EPSG:4326", False
        ),
        "crs": "EPSG:4326",
        "crsTransform": transform_of(made.grid.resolution_deg),
        "maxPixels": MAX_PIXELS,
    }
    in_files: dict[str, Any] = {"fileNamePrefix": title, "shardSize": SHARD_CELLS}
    export = ee.batch.Export.image
    try:
        if destination == "asset":
            task = export.toAsset(**common, assetId=name)
        elif destination == "cloud":
            task = export.toCloudStorage(**common, **in_files, bucket=name)
        else:
            task = export.toDrive(**common, **in_files, folder=name)
        task.start()
    except ee.EEException as error:
        raise InputError(
            "Earth Engine",
            variable="--export",
            expected="a task that the service takes",
            found=str(error),
        ) from error
    return str(task.id)

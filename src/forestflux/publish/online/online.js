/**
 * {{title}}
 *
 * The trained networks of forestflux as one expression of Earth Engine. Nothing is read but the
 * public collections; no asset is needed.
 *
{{facts}}
 *
 * What it costs. The networks are computed at every forest cell you ask for: by our own estimate
 * 15 to 50 ms of compute (EECU) a cell, some 10 minutes for a country like France. Memory is the
 * limit. Ask for windows of 16 to 32 cells of 0.05 degree on a side: export with a small shardSize,
 * as below. The map layer is switched off, because map tiles of another zoom end with "User memory
 * limit exceeded" or a time-out. At zoom {{zoom}} a tile holds 28 x 28 cells.
 *
 * What nobody has tried yet. No part of this has run on the live service. It was compared, number by
 * number, with the local prediction by an evaluator of expressions that was written for that.
 * Try the export of a small region first. This script has {{size}} MB; whether the editor keeps a
 * script of this size in its script manager is not known either.
 *
 * A model that is trained again makes this script old: compare model_checksum.
 */

var region = ee.Geometry.Rectangle({{region}}, 'EPSG:4326', false);

/**
 * The image. Its bands:
{{bands}}
 */
function loadFluxes() {
  return ee.Image(ee.Deserializer.decode(EXPRESSION));
}

function run() {
  var fluxes = loadFluxes();
  print('Facts', fluxes.toDictionary());
  Map.setCenter({{lon}}, {{lat}}, {{zoom}});
  var colours = {min: -800, max: 800, palette: ['1b7837', 'f7f7f7', '762a83']};
  Map.addLayer(fluxes.select('nee'), colours, 'NEE {{year}}, gC m-2 yr-1', false);
  Export.image.toDrive({
    image: fluxes.toFloat(),
    description: 'forestflux_{{year}}',
    region: region,
    crs: 'EPSG:4326',
    crsTransform: {{transform}},
    shardSize: {{shard}},
    maxPixels: 1e8
  });
}

var EXPRESSION = {{expression}};

run();

// Outlines of the run's regions, over the cells of the map.

let outlines = []; // of each region: {name, path on the plane}

/** Unpack the outlines. */
async function prepareOutlines() {
  if (mapData === null) return;
  const { names, owners, lengths, steps } = mapData.outlines;
  const moves = await unpackNumbers(steps);
  outlines = names.map((name) => ({ name, path: new Path2D() }));
  let [lon, lat, next] = [0, 0, 0];
  lengths.forEach((length, line) => {
    const { path } = outlines[owners[line]];
    for (let i = 0; i < length; i += 1, next += 2) {
      [lon, lat] = [lon + moves[next], lat + moves[next + 1]];
      path[i === 0 ? "moveTo" : "lineTo"](...project(lat, lon));
    }
  });
}

/** Draw the outlines on the plane of the map; that of the chosen region is thick. */
function drawOutlines(pixelRatio, scale) {
  if (!findElement("show-outlines").checked) return;
  const chosen = selection && selection.region ? selection.region.name : null;
  // A dark line beside a light one is seen on dark colours and on light ones.
  for (const [isChosen, colour, width] of [[false, "#ffffff", 3], [false, "#1a1a1a", 1.2], [true, "#ffffff", 6], [true, "#b3470a", 3]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = (width * pixelRatio) / scale;
    for (const { name, path } of outlines) if ((name === chosen) === isChosen) pen.stroke(path);
  }
}

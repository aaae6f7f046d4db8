// The map: a canvas on which every pixel takes the colour of the cell in which it lies.

const SOUTH = -57;
const NORTH = 80; // no forest lies beyond either
const SEA = "#f2f5f6";
const LAND = "#dcdcd5";
const canvas = document.getElementById("map");
const pen = canvas.getContext("2d");
const edges = { left: -computeHalfLength(0), right: computeHalfLength(0), top: project(NORTH, 0)[1], bottom: project(SOUTH, 0)[1] };
const CELL_PIXELS = 12; // of the screen, of the smallest cell in the nearest view
const WIDEST_FRAME = 120; // degrees; the map of a narrower region is shown alone
const view = { x: 0, y: (edges.top + edges.bottom) / 2, zoom: 1, home: 1 }; // home: the zoom that shows the whole map
const drawn = { colours: null, outside: null }; // by forest cell: colour, whether hatched
const cursor = { lat: 45, lon: 10, active: false };
let cellByPosition = null; // number of the forest cell at a position of the flattened displayed grid; -1 without forest
let positionByCell = null; // the reverse
let coastline = null;
let selection = null; // what the panel shows: {tower}, {cell}, {region}, or null for all forests

/** Scale of the view: pixels of the canvas per unit of the plane. */
function computeMapScale() {
  const fit = Math.min(canvas.width / (edges.right - edges.left), canvas.height / (edges.top - edges.bottom));
  return fit * view.zoom;
}

const toPixel = (x, y) => [
  canvas.width / 2 + (x - view.x) * computeMapScale(),
  canvas.height / 2 - (y - view.y) * computeMapScale(),
];
const toPlane = (px, py) => [
  view.x + (px - canvas.width / 2) / computeMapScale(),
  view.y - (py - canvas.height / 2) / computeMapScale(),
];

/** Pixels of the canvas that a degree of the equator takes without any zoom. */
const measureDegree = () => ((computeMapScale() / view.zoom) * computeHalfLength(0)) / 180;

/** Unpack the coastline and the positions of the forest cells. */
async function prepareMap() {
  const points = new Int16Array((await decompressText(data.coast.data)).buffer);
  coastline = new Path2D();
  let next = 0;
  for (const length of data.coast.lengths) {
    for (let i = 0; i < length; i += 1, next += 2) {
      const [x, y] = project(points[next + 1] * data.coast.digit, points[next] * data.coast.digit);
      if (i === 0) coastline.moveTo(x, y);
      else coastline.lineTo(x, y);
    }
    coastline.closePath();
  }
  if (mapData === null) return;
  positionByCell = new Int32Array((await decompressText(mapData.cells)).buffer);
  cellByPosition = new Int32Array(mapData.shape[0] * mapData.shape[1]).fill(-1);
  positionByCell.forEach((position, cell) => { cellByPosition[position] = cell; });
}

/** Column of a longitude from -180 to 180; the map may go on past 180. */
function findColumn(lon) {
  return Math.floor(((lon < mapData.west ? lon + 360 : lon) - mapData.west) / mapData.resolution);
}

/** Number of the forest cell at coordinates, -1 where there is none. */
function findCell(lat, lon) {
  if (cellByPosition === null) return -1;
  const row = Math.floor((mapData.north - lat) / mapData.resolution);
  const column = findColumn(lon);
  if (row < 0 || row >= mapData.shape[0] || column < 0 || column >= mapData.shape[1]) return -1;
  return cellByPosition[row * mapData.shape[1] + column];
}

/** Centre of a forest cell in degrees. */
function findCentre(cell) {
  const row = Math.floor(positionByCell[cell] / mapData.shape[1]);
  const column = positionByCell[cell] % mapData.shape[1];
  const lon = mapData.west + (column + 0.5) * mapData.resolution; // beyond 180 where the map goes on there
  return { lat: mapData.north - (row + 0.5) * mapData.resolution, lon: lon > 180 ? lon - 360 : lon };
}

/**
 * Colours of all cells, each packed into the 32 bits of a pixel (alpha, blue, green, red); 0 where there is none.
 * A change that passes its test in less than half of the forest is pale, where `clear` is given: the shares that do.
 */
async function colourCells(layer, year, clear, source = mapData) {
  const values = await layer.read(year, source);
  const coloured = new Uint32Array(values.length);
  const factor = layer.factor || 1;
  const packColour = ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r;
  if (layer.classes) {
    const colours = layer.classes.map(({ colour }) => packColour(decodeColour(colour, 1)));
    values.forEach((value, cell) => {
      const found = layer.classes.findIndex(({ test }) => test(value * factor));
      if (found >= 0) coloured[cell] = colours[found];
    });
    return coloured;
  }
  const [low, high] = await findColourRange(layer);
  const palette = chooseColours(layer);
  const [full, pale] = [palette, palette.map(makePale)].map((colours) => colours.map(packColour));
  values.forEach((value, cell) => {
    if (Number.isNaN(value)) return;
    const share = (value * factor - low) / (high - low);
    coloured[cell] = (clear && clear[cell] < 0.5 ? pale : full)[Math.max(0, Math.min(255, Math.floor(share * 256)))];
  });
  return coloured;
}

/** The cells of the view, painted pixel by pixel on a canvas of their own. */
function paintCells() {
  const squares = chooseSquares();
  const image = pen.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const [rows, columns] = mapData.shape;
  const spacing = Math.max(5, Math.round(canvas.width / 200)); // from one line of the hatching to the next, pixels
  for (let py = 0; py < canvas.height; py += 1) {
    const parallel = findParallel(toPlane(0, py + 0.5)[1]);
    if (parallel === null) continue;
    const row = Math.floor((mapData.north - parallel.lat) / mapData.resolution);
    if (row < 0 || row >= rows) continue;
    const left = (180 * toPlane(0.5, 0)[0]) / parallel.half; // degrees of the first pixel, and of each one
    const step = 180 / parallel.half / computeMapScale();
    const findFineColour = squares && prepareRow(squares, parallel.lat);
    for (let px = 0; px < canvas.width; px += 1) {
      const lon = left + px * step;
      if (Math.abs(lon) > 180) continue;
      const column = findColumn(lon);
      if (column < 0 || column >= columns) continue;
      const cell = cellByPosition[row * columns + column];
      const fineColour = findFineColour ? findFineColour(lon) : null;
      if (cell < 0 || fineColour === 0 || (fineColour === null && drawn.colours[cell] === 0)) continue;
      const pixel = py * canvas.width + px;
      pixels[pixel] = fineColour === null ? drawn.colours[cell] : fineColour;
      // A black line beside a white one is seen on dark colours and on light ones.
      if (drawn.outside && drawn.outside[cell] && (px + py) % spacing < 2) pixels[pixel] = (px + py) % spacing ? 0xffffffff : 0xff202020;
    }
  }
  const sheet = document.createElement("canvas");
  sheet.width = canvas.width;
  sheet.height = canvas.height;
  sheet.getContext("2d").putImageData(image, 0, 0);
  return sheet;
}

/** The outline of the map on the canvas. */
function traceOutline() {
  const path = new Path2D();
  for (let lat = SOUTH; lat <= NORTH; lat += 1) path[lat === SOUTH ? "moveTo" : "lineTo"](...toPixel(...project(lat, -180)));
  for (let lat = NORTH; lat >= SOUTH; lat -= 1) path.lineTo(...toPixel(...project(lat, 180)));
  path.closePath();
  return path;
}

/** Draw everything that the canvas shows. */
function drawMap() {
  if (coastline === null) return;
  const scale = computeMapScale();
  const pixelRatio = canvas.width / canvas.clientWidth;
  const drawInPlane = (draw) => {
    pen.save();
    pen.setTransform(scale, 0, 0, -scale, canvas.width / 2 - view.x * scale, canvas.height / 2 + view.y * scale);
    draw();
    pen.restore();
  };
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const outline = traceOutline();
  pen.save();
  pen.clip(outline);
  pen.fillStyle = SEA;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  drawInPlane(() => { pen.fillStyle = LAND; pen.fill(coastline, "evenodd"); });
  if (drawn.colours) pen.drawImage(paintCells(), 0, 0);
  drawInPlane(() => { pen.strokeStyle = "#5d6a66"; pen.lineWidth = (0.6 * pixelRatio) / scale; pen.stroke(coastline); });
  drawInPlane(() => drawOutlines(pixelRatio, scale));
  pen.restore();
  pen.strokeStyle = "#8b9893";
  pen.lineWidth = pixelRatio;
  pen.stroke(outline);
  if (document.getElementById("show-towers").checked) drawTowers(pixelRatio);
  drawMarks(pixelRatio);
}

/** A circle for each tower: white in forest, grey elsewhere. */
function drawTowers(pixelRatio) {
  const size = Math.min(6.5, (canvas.clientWidth < 500 ? 2 : 3) + Math.log2(view.zoom)) * pixelRatio;
  for (const tower of data.towers.sites) {
    const [px, py] = toPixel(...project(tower.lat, tower.lon));
    pen.beginPath();
    pen.arc(px, py, size, 0, 2 * Math.PI);
    pen.fillStyle = tower.forest ? "#ffffff" : "#9aa19e";
    pen.fill();
    pen.lineWidth = 1.2 * pixelRatio;
    pen.strokeStyle = "#1a1a1a";
    pen.stroke();
  }
}

/** The selected cell or tower, and the cursor of the keyboard. */
function drawMarks(pixelRatio) {
  if (selection && !selection.region) {
    const { lat, lon } = selection.tower || findCentre(selection.cell);
    const [px, py] = toPixel(...project(lat, lon));
    for (const [colour, width] of [["#ffffff", 5], ["#b3470a", 2.5]]) {
      pen.beginPath();
      pen.arc(px, py, 9 * pixelRatio, 0, 2 * Math.PI);
      pen.lineWidth = width * pixelRatio;
      pen.strokeStyle = colour;
      pen.stroke();
    }
  }
  if (!cursor.active) return;
  const [px, py] = toPixel(...project(cursor.lat, cursor.lon));
  for (const [colour, width] of [["#ffffff", 4], ["#111111", 1.6]]) {
    pen.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(px + 3 * dx * pixelRatio, py + 3 * dy * pixelRatio);
      pen.lineTo(px + 13 * dx * pixelRatio, py + 13 * dy * pixelRatio);
    }
    pen.lineWidth = width * pixelRatio;
    pen.strokeStyle = colour;
    pen.stroke();
  }
}

/** Fit the canvas to its size on the page, with as many pixels as the screen has. */
function resizeMap() {
  const pixelRatio = Math.min(2, window.devicePixelRatio || 1); // more would be slow and not look better
  const width = Math.round(canvas.clientWidth * pixelRatio);
  const height = Math.round(canvas.clientHeight * pixelRatio);
  if (width && (canvas.width !== width || canvas.height !== height)) {
    canvas.width = width;
    canvas.height = height;
  }
  drawMap();
}

/** Zoom by a factor, keeping a point of the plane where it is; a tiny factor shows the whole map. */
function zoomView(factor, x = view.x, y = view.y) {
  const finest = mapData && (mapData.fine ? mapData.map_resolution : mapData.resolution);
  const pixelRatio = canvas.width / canvas.clientWidth;
  const most = Math.max(40, mapData ? (CELL_PIXELS * pixelRatio) / (finest * measureDegree()) : 0);
  const zoom = Math.max(1, Math.min(most, view.zoom * factor));
  view.x = x + (view.x - x) * (view.zoom / zoom);
  view.y = y + (view.y - y) * (view.zoom / zoom);
  view.zoom = zoom;
  moveView(view.x, view.y);
}

/** Edges in degrees of all forest cells, or of the world where there is no map. */
function findForestEdges() {
  if (!mapData || !positionByCell.length) return { west: -180, east: 180, south: SOUTH, north: NORTH };
  const columns = mapData.shape[1];
  let [first, last, left, right] = [mapData.shape[0], 0, columns, 0];
  for (const position of positionByCell) {
    const [row, column] = [Math.floor(position / columns), position % columns];
    [first, last] = [Math.min(first, row), Math.max(last, row + 1)];
    [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
  }
  return {
    west: mapData.west + left * mapData.resolution,
    east: mapData.west + right * mapData.resolution,
    south: mapData.north - last * mapData.resolution,
    north: mapData.north - first * mapData.resolution,
  };
}

/** Show the whole map: the world, or the forest of the run's region alone. */
function showAll() {
  const { west, east, south, north } = findForestEdges();
  if (east - west > WIDEST_FRAME || east > 180) return zoomView(1e-9);
  const corners = [south, north, Math.max(south, Math.min(0, north))]
    .flatMap((lat) => [west, east].map((lon) => project(lat, lon)));
  const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
  const [left, right, bottom, top] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const fit = computeMapScale() / view.zoom;
  view.zoom = 1;
  zoomView(Math.min(canvas.width / (right - left), canvas.height / (top - bottom)) * 0.9 / fit);
  view.home = view.zoom;
  return moveView((left + right) / 2, (bottom + top) / 2);
}

/** Put a point of the plane in the middle of the view, as far as the view then stays on the map. */
function moveView(x, y) {
  const half = { x: canvas.width / 2 / computeMapScale(), y: canvas.height / 2 / computeMapScale() };
  const limit = (value, low, high, margin) =>
    high - low <= 2 * margin ? (low + high) / 2 : Math.max(low + margin, Math.min(high - margin, value));
  view.x = limit(x, edges.left, edges.right, half.x);
  view.y = limit(y, edges.bottom, edges.top, half.y);
  canvas.classList.toggle("zoomed", view.zoom > 1.001 * view.home);
  requestAnimationFrame(drawMap);
}

/** The tower within reach of a pixel of the canvas, or null. */
function findTower(px, py, reach) {
  let nearest = null;
  let shortest = reach;
  if (!document.getElementById("show-towers").checked) return null;
  for (const tower of data.towers.sites) {
    const [tx, ty] = toPixel(...project(tower.lat, tower.lon));
    const away = Math.hypot(tx - px, ty - py);
    if (away < shortest) [nearest, shortest] = [tower, away];
  }
  return nearest;
}

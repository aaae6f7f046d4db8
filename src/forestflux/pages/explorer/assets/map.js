// The map: a canvas on which every pixel takes the colour of the cell in which it lies.

const SOUTH = -57;
const NORTH = 80; // no forest beyond either
const SEA = "#f2f5f6";
const LAND = "#dcdcd5";
const canvas = document.getElementById("map");
const pen = canvas.getContext("2d");
const edges = { left: -halfWidth(0), right: halfWidth(0), top: project(NORTH, 0)[1], bottom: project(SOUTH, 0)[1] };
const view = { x: 0, y: (edges.top + edges.bottom) / 2, zoom: 1 };
const drawn = { colours: null, weak: null, outside: null }; // by cell: what the layer shows
const cursor = { lat: 45, lon: 10, active: false };
let positions = null; // by displayed cell: place among the forest cells, -1 without forest
let flat = null; // by forest cell: place on the displayed grid
let coastline = null;
let chosen = null; // what the panel shows: {tower} or {cell}

/** Pixels of the canvas per unit of the plane. */
function pixelsPerUnit() {
  const fit = Math.min(canvas.width / (edges.right - edges.left), canvas.height / (edges.top - edges.bottom));
  return fit * view.zoom;
}

const toPixel = (x, y) => [
  canvas.width / 2 + (x - view.x) * pixelsPerUnit(),
  canvas.height / 2 - (y - view.y) * pixelsPerUnit(),
];
const toPlane = (px, py) => [
  view.x + (px - canvas.width / 2) / pixelsPerUnit(),
  view.y - (py - canvas.height / 2) / pixelsPerUnit(),
];

async function prepareMap() {
  const points = new Int16Array((await inflate(data.coast.data)).buffer);
  coastline = new Path2D();
  let at = 0;
  for (const length of data.coast.lengths) {
    for (let i = 0; i < length; i += 1, at += 2) {
      const [x, y] = project(points[at + 1] * data.coast.digit, points[at] * data.coast.digit);
      if (i === 0) coastline.moveTo(x, y);
      else coastline.lineTo(x, y);
    }
    coastline.closePath();
  }
  if (world === null) return;
  flat = new Int32Array((await inflate(world.cells)).buffer);
  positions = new Int32Array(world.shape[0] * world.shape[1]).fill(-1);
  flat.forEach((place, cell) => { positions[place] = cell; });
}

/** The forest cell at a place, -1 without. */
function cellAt(lat, lon) {
  if (positions === null) return -1;
  const row = Math.floor((90 - lat) / world.resolution);
  const column = Math.floor((lon + 180) / world.resolution);
  if (row < 0 || row >= world.shape[0] || column < 0 || column >= world.shape[1]) return -1;
  return positions[row * world.shape[1] + column];
}

/** Centre of a forest cell in degrees. */
function centreOf(cell) {
  const row = Math.floor(flat[cell] / world.shape[1]);
  const column = flat[cell] % world.shape[1];
  return { lat: 90 - (row + 0.5) * world.resolution, lon: -180 + (column + 0.5) * world.resolution };
}

/** Colours of all cells, packed as the canvas wants them. */
async function colourCells(layer, year) {
  const values = await layer.read(year);
  const coloured = new Uint32Array(values.length);
  const factor = layer.factor || 1;
  const packed = ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r;
  if (layer.classes) {
    const colours = layer.classes.map((c) => packed([1, 3, 5].map((at) => parseInt(c.colour.substr(at, 2), 16))));
    values.forEach((value, cell) => {
      const which = layer.classes.findIndex((c) => c.test(value * factor));
      if (which >= 0) coloured[cell] = colours[which];
    });
    return coloured;
  }
  const [low, high] = await scaleOf(layer);
  const palette = paletteOf(layer.palette).map(packed);
  values.forEach((value, cell) => {
    if (Number.isNaN(value)) return;
    const share = (value * factor - low) / (high - low);
    coloured[cell] = palette[Math.max(0, Math.min(255, Math.floor(share * 256)))];
  });
  return coloured;
}

/** The raster of the view as an image. */
function raster() {
  const image = pen.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const [rows, columns] = world.shape;
  const dot = Math.max(5, Math.round(canvas.width / 200));
  for (let py = 0; py < canvas.height; py += 1) {
    const line = parallel(toPlane(0, py + 0.5)[1]);
    if (line === null) continue;
    const row = Math.floor((90 - line.lat) / world.resolution);
    if (row < 0 || row >= rows) continue;
    const left = (toPlane(0.5, 0)[0] / line.half + 1) * (columns / 2);
    const step = columns / 2 / line.half / pixelsPerUnit();
    for (let px = 0; px < canvas.width; px += 1) {
      const column = Math.floor(left + px * step);
      if (column < 0 || column >= columns) continue;
      const cell = positions[row * columns + column];
      if (cell < 0 || drawn.colours[cell] === 0) continue;
      const at = py * canvas.width + px;
      pixels[at] = drawn.colours[cell];
      // black beside white: a line that is seen on dark and on light colours
      if (drawn.outside && drawn.outside[cell] && (px + py) % dot < 2) pixels[at] = (px + py) % dot ? 0xffffffff : 0xff202020;
      if (drawn.weak && drawn.weak[cell] && px % dot < dot / 3 && py % dot < dot / 3) pixels[at] = 0xff303030;
    }
  }
  const sheet = document.createElement("canvas");
  sheet.width = canvas.width;
  sheet.height = canvas.height;
  sheet.getContext("2d").putImageData(image, 0, 0);
  return sheet;
}

function outlineOfWorld() {
  const path = new Path2D();
  for (let lat = SOUTH; lat <= NORTH; lat += 1) path[lat === SOUTH ? "moveTo" : "lineTo"](...toPixel(...project(lat, -180)));
  for (let lat = NORTH; lat >= SOUTH; lat -= 1) path.lineTo(...toPixel(...project(lat, 180)));
  path.closePath();
  return path;
}

function drawMap() {
  if (coastline === null) return;
  const scale = pixelsPerUnit();
  const dpr = canvas.width / canvas.clientWidth;
  const inPlane = (work) => {
    pen.save();
    pen.setTransform(scale, 0, 0, -scale, canvas.width / 2 - view.x * scale, canvas.height / 2 + view.y * scale);
    work();
    pen.restore();
  };
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const edge = outlineOfWorld();
  pen.save();
  pen.clip(edge);
  pen.fillStyle = SEA;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  inPlane(() => { pen.fillStyle = LAND; pen.fill(coastline, "evenodd"); });
  if (drawn.colours) pen.drawImage(raster(), 0, 0);
  inPlane(() => { pen.strokeStyle = "#5d6a66"; pen.lineWidth = (0.6 * dpr) / scale; pen.stroke(coastline); });
  pen.restore();
  pen.strokeStyle = "#8b9893";
  pen.lineWidth = dpr;
  pen.stroke(edge);
  if (document.getElementById("show-towers").checked) drawTowers(dpr);
  drawMarks(dpr);
}

function drawTowers(dpr) {
  const size = Math.min(6.5, (canvas.clientWidth < 500 ? 2 : 3) + Math.log2(view.zoom)) * dpr;
  for (const tower of data.towers.sites) {
    const [px, py] = toPixel(...project(tower.lat, tower.lon));
    pen.beginPath();
    pen.arc(px, py, size, 0, 2 * Math.PI);
    pen.fillStyle = tower.forest ? "#ffffff" : "#9aa19e";
    pen.fill();
    pen.lineWidth = 1.2 * dpr;
    pen.strokeStyle = "#1a1a1a";
    pen.stroke();
  }
}

/** The chosen place and the cursor of the keyboard. */
function drawMarks(dpr) {
  if (chosen) {
    const place = chosen.tower || centreOf(chosen.cell);
    const [px, py] = toPixel(...project(place.lat, place.lon));
    for (const [colour, line] of [["#ffffff", 5], ["#b3470a", 2.5]]) {
      pen.beginPath();
      pen.arc(px, py, 9 * dpr, 0, 2 * Math.PI);
      pen.lineWidth = line * dpr;
      pen.strokeStyle = colour;
      pen.stroke();
    }
  }
  if (!cursor.active) return;
  const [px, py] = toPixel(...project(cursor.lat, cursor.lon));
  for (const [colour, line] of [["#ffffff", 4], ["#111111", 1.6]]) {
    pen.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(px + 3 * dx * dpr, py + 3 * dy * dpr);
      pen.lineTo(px + 13 * dx * dpr, py + 13 * dy * dpr);
    }
    pen.lineWidth = line * dpr;
    pen.strokeStyle = colour;
    pen.stroke();
  }
}

/** Fit the canvas to its place on the page, sharp on fine screens. */
function resizeMap() {
  const dpr = Math.min(2, window.devicePixelRatio || 1);
  const width = Math.round(canvas.clientWidth * dpr);
  const height = Math.round(canvas.clientHeight * dpr);
  if (width && (canvas.width !== width || canvas.height !== height)) {
    canvas.width = width;
    canvas.height = height;
  }
  drawMap();
}

/** Zoom by a factor, keeping a point of the plane where it is. */
function zoomBy(factor, x = view.x, y = view.y) {
  const zoom = Math.max(1, Math.min(40, view.zoom * factor));
  view.x = x + (view.x - x) * (view.zoom / zoom);
  view.y = y + (view.y - y) * (view.zoom / zoom);
  view.zoom = zoom;
  moveTo(view.x, view.y);
}

/** Put a point of the plane in the middle, never leaving the world. */
function moveTo(x, y) {
  const span = { x: canvas.width / 2 / pixelsPerUnit(), y: canvas.height / 2 / pixelsPerUnit() };
  const within = (value, low, high, half) =>
    high - low <= 2 * half ? (low + high) / 2 : Math.max(low + half, Math.min(high - half, value));
  view.x = within(x, edges.left, edges.right, span.x);
  view.y = within(y, edges.bottom, edges.top, span.y);
  canvas.classList.toggle("zoomed", view.zoom > 1);
  requestAnimationFrame(drawMap);
}

/** The tower within reach of a pixel of the canvas, or null. */
function towerAt(px, py, reach) {
  let best = null;
  let least = reach;
  if (!document.getElementById("show-towers").checked) return null;
  for (const tower of data.towers.sites) {
    const [tx, ty] = toPixel(...project(tower.lat, tower.lon));
    const away = Math.hypot(tx - px, ty - py);
    if (away < least) [best, least] = [tower, away];
  }
  return best;
}

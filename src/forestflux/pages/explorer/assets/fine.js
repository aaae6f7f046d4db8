// The map's own cells, where the page shows blocks of them: squares in files beside the page, read as the reader zooms in.

const fine = mapData && mapData.fine; // null where every cell is in the page
const MOST_SQUARES = 64; // on the screen; with more of them a cell is smaller than a pixel
const MOST_KEPT = 256; // in memory
const LEAST_BLOCK = 3; // pixels of a block from which on its cells are shown
const squareByFile = new Map(); // what is asked for: {data, known} once it is there, {missing} where it cannot be read

/** The file with the cells of a square for what is shown now; null where there is none. */
function nameFile(square) {
  const layer = findChosenLayer();
  if (layer.compared) return null;
  if (!layer.annual) return `${square}_change`;
  return fine.years.includes(Number(yearSlider.value)) ? `${square}_${yearSlider.value}` : null;
}

/** Ask for a file: a page that is opened from a folder may run a script beside it, but not fetch anything. */
function askForFile(file) {
  const square = { missing: false };
  squareByFile.set(file, square);
  const script = makeElement("script", { src: `${fine.folder}/${file}.js` });
  script.addEventListener("load", () => script.remove());
  script.addEventListener("error", () => {
    square.missing = true;
    findElement("display-note").textContent = `The cells of this map lie in the folder ${fine.folder}, which is not beside the page: it shows blocks.`;
  });
  document.head.append(script);
}

/** What each of the files calls: its cells have arrived. */
window.receiveCells = async (file, content) => {
  const square = squareByFile.get(file);
  if (!square) return; // so far out of the view by now that it was dropped
  const known = await unpackCodes(content.known);
  let count = 0;
  square.cellByPosition = Int32Array.from(known, (one) => (one ? count++ : -1));
  square.data = content;
  requestAnimationFrame(drawMap);
};

/** Colour a square as the map is coloured now, and draw the map when that is done. */
async function colourSquare(square) {
  const layer = findChosenLayer();
  const wanted = `${layerPicker.value} ${isPale(layer)}`;
  if (square.wanted === wanted || !layer.isIn(square.data)) return;
  Object.assign(square, { wanted, colours: null });
  // A test that no cell of the square has is not among its layers.
  const tested = isPale(layer) && square.data.change[layer.clear];
  const clear = isPale(layer) ? await (tested ? unpackNumbers(tested) : new Float64Array(square.cellByPosition.length)) : null;
  const colours = await colourCells(layer, 0, clear, square.data);
  if (square.wanted !== wanted) return; // another layer was chosen meanwhile
  square.colours = colours;
  requestAnimationFrame(drawMap);
}

/** Whether a square lies in the view. */
function isInView(row, column) {
  const side = fine.side * mapData.map_resolution;
  const [north, west] = [mapData.north - row * side, mapData.west + column * side];
  const turn = west >= 180 ? -360 : 0; // the map may go on past 180
  const points = [north, north - side].flatMap((lat) => [west, west + side].map((lon) => toPixel(...project(lat, lon + turn))));
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  return Math.max(...xs) >= 0 && Math.min(...xs) <= canvas.width && Math.max(...ys) >= 0 && Math.min(...ys) <= canvas.height;
}

/** The coloured squares of the view by their name; null where blocks are fine enough. Those that lack are asked for. */
function chooseSquares() {
  if (!fine || measureDegree() * view.zoom * mapData.resolution < LEAST_BLOCK) return null;
  const inView = fine.squares.filter((name) => isInView(...name.split("_").map(Number)));
  if (inView.length > MOST_SQUARES) return null;
  const files = new Map(inView.map((name) => [name, nameFile(name)]));
  for (const file of squareByFile.size > MOST_KEPT ? [...squareByFile.keys()] : []) {
    if (![...files.values()].includes(file)) squareByFile.delete(file);
  }
  const shown = new Map();
  for (const [name, file] of files) {
    if (file === null) continue;
    if (!squareByFile.has(file)) askForFile(file);
    const square = squareByFile.get(file);
    if (square.data) colourSquare(square);
    if (square.colours) shown.set(name, square);
  }
  return shown;
}

/** Number of a cell in its square from its row and column in the map; -1 without a value. */
function findFineCell(square, row, column) {
  const across = Math.floor(column / fine.side);
  const width = Math.min(fine.side, fine.shape[1] - across * fine.side); // the last square may be narrower
  return square.cellByPosition[(row % fine.side) * width + (column % fine.side)];
}

/** Row of a latitude and column of a longitude in the map. */
const findFineRow = (lat) => Math.floor((mapData.north - lat) / mapData.map_resolution);
const findFineColumn = (lon) => Math.floor(((lon < mapData.west ? lon + 360 : lon) - mapData.west) / mapData.map_resolution);

/** For a parallel: the colour of the cell at a longitude, 0 without a value, null where only blocks are there. */
function prepareRow(squares, lat) {
  const row = findFineRow(lat);
  const down = Math.floor(row / fine.side);
  let across = -1;
  let square = null;
  return (lon) => {
    const column = findFineColumn(lon);
    const next = Math.floor(column / fine.side);
    if (next !== across) [across, square] = [next, squares.get(`${down}_${next}`) || null];
    if (square === null) return null;
    const cell = findFineCell(square, row, column);
    return cell >= 0 ? square.colours[cell] : 0;
  };
}

/** Value of a layer in the map's own cell at coordinates: null where it is not read, NaN without forest. */
async function readFineValue(layer, { lat, lon }) {
  if (!fine) return null;
  const [row, column] = [findFineRow(lat), findFineColumn(lon)];
  const file = nameFile(`${Math.floor(row / fine.side)}_${Math.floor(column / fine.side)}`);
  const square = file && squareByFile.get(file);
  if (!square || !square.colours || !layer.isIn(square.data)) return null;
  const cell = findFineCell(square, row, column);
  return cell >= 0 ? (await layer.read(0, square.data))[cell] : NaN;
}

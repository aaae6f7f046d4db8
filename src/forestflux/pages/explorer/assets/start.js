// Controls, pointer, keyboard and the address; at the end the page is started.

const findElement = (id) => document.getElementById(id);
const layerPicker = findElement("layer");
const yearSlider = findElement("year");
const towerPicker = findElement("tower");
const regionPicker = findElement("region");
let lastRequest = 0; // number of the picture that was asked for last

/** The layer that the reader chose. */
const findChosenLayer = () => LAYERS[layerPicker.value];
/** Index of the chosen year among the mapped years. */
const findYearIndex = () => mapData.years.indexOf(Number(yearSlider.value));
let shownYear = null; // one of the mapped years, which may have gaps between them

/** Show a mapped year: that of the slider, or the next one in the direction in which it moves. */
function moveToYear(wanted) {
  const back = shownYear !== null && wanted < shownYear;
  const years = back ? [...mapData.years].reverse() : mapData.years;
  shownYear = years.find((year) => (back ? year <= wanted : year >= wanted));
  yearSlider.value = shownYear;
}

/** Whether a change that may be chance is shown pale. */
const isPale = (layer) => isTested(layer) && findElement("show-weak").checked;

/** Colour the map by the chosen layer and year. */
async function repaintMap() {
  if (mapData === null) return drawMap();
  const request = (lastRequest += 1);
  const layer = findChosenLayer();
  yearSlider.disabled = !layer.annual;
  findElement("show-weak").parentElement.hidden = !isTested(layer);
  const canHatch = hasLayer("applicable") && layerPicker.value !== "applicable";
  findElement("show-outside").parentElement.hidden = !canHatch;
  findElement("year-shown").textContent = layer.annual ? yearSlider.value : layer.span || `${data.pair[0]}–${data.pair[1]}`;
  const clear = isPale(layer) ? await unpackNumbers(mapData.change[layer.clear]) : null;
  const colours = await colourCells(layer, findYearIndex(), clear);
  const inside = canHatch && findElement("show-outside").checked
    ? takeYear(await unpackNumbers(mapData.annual.applicable), layer.annual ? findYearIndex() : mapData.years.indexOf(data.pair[1])) : null;
  if (request !== lastRequest) return undefined; // another picture was asked for meanwhile
  drawn.colours = colours;
  drawn.outside = inside && Uint8Array.from(inside, (value) => (value < 0.5 ? 1 : 0));
  await drawLegend(layer);
  drawMap();
  writeAddress();
  document.documentElement.dataset.painted = layerPicker.value;
  return undefined;
}

/** Round numbers between two values, about five, and the decimals that they need. */
function chooseTicks(low, high) {
  const least = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= least);
  const values = [];
  // 1e-9 steps are for rounding errors: of the last tick, of zero, and of the logarithm.
  for (let value = Math.ceil(low / step) * step; value <= high + 1e-9 * step; value += step) values.push(Math.abs(value) < 1e-9 * step ? 0 : value);
  const more = String(step).includes("25") && step < 10 ? 1 : 0; // 2.5 needs one decimal more than 2
  return { values, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + more) };
}

/** Write the legend of a layer: a bar with ticks, or its classes. */
async function drawLegend(layer) {
  findElement("legend-title").textContent = `${layer.label}${layer.annual ? ` ${yearSlider.value}` : ""}${layer.unit && layer.unit !== "1" && !layer.classes ? ` (${layer.unit})` : ""}`;
  findElement("legend-note").textContent = layer.note;
  const bar = findElement("legend-bar");
  findElement("legend-classes").replaceChildren(...(layer.classes || []).map(({ colour, label }) => {
    const key = makeElement("span", { class: "key" });
    key.style.background = colour;
    return makeElement("li", {}, key, label);
  }));
  bar.hidden = findElement("legend-ticks").hidden = Boolean(layer.classes);
  if (layer.classes) return;
  const [low, high] = await findColourRange(layer);
  bar.width = 512;
  const barPen = bar.getContext("2d");
  chooseColours(layer).forEach((colour, i) => {
    // Where some cells are pale, the lower half of the bar has their colours.
    for (const [shade, top, height] of isPale(layer) ? [[colour, 0, 7], [makePale(colour), 7, 7]] : [[colour, 0, 14]]) {
      barPen.fillStyle = `rgb(${shade.join()})`;
      barPen.fillRect(2 * i, top, 2, height);
    }
  });
  const { values, digits } = chooseTicks(low, high);
  findElement("legend-ticks").replaceChildren(...values.filter((value) => (value - low) / (high - low) < 0.97).map((value) => {
    const mark = makeElement("span", {}, formatNumber(value, digits));
    mark.style.left = `${Math.max(1.5, (100 * (value - low)) / (high - low))}%`;
    return mark;
  }));
}

/** Say below the map what lies at coordinates: those of the pointer or of the cursor. */
async function writeStatus(coordinates) {
  if (coordinates === null) { findElement("status").textContent = ""; return; }
  const cell = findCell(coordinates.lat, coordinates.lon);
  const where = formatCoordinates(coordinates.lat, coordinates.lon, fine ? 3 : 1);
  if (cell < 0) { findElement("status").textContent = `${where}: no forest on the map`; return; }
  const layer = findChosenLayer();
  const own = await readFineValue(layer, coordinates);
  if (Number.isNaN(own)) { findElement("status").textContent = `${where}: no forest in this cell`; return; }
  const value = (own === null ? (await layer.read(findYearIndex()))[cell] : own) * (layer.factor || 1);
  const found = layer.classes && layer.classes.find(({ test }) => test(value));
  const words = found ? found.label : `${formatNumber(value, layer.digits || 0)} ${layer.unit === "1" ? "" : layer.unit}`;
  const mean = isAveraged && own === null ? ", mean of the block" : "";
  findElement("status").textContent = `${where}: ${layer.label}${layer.annual ? ` ${yearSlider.value}` : ""} ${words}${mean}`;
}

/** Show the details of a {cell}, of a {tower}, of a {region}, or with null of all forests. */
async function openDetails(wanted, { scroll = false } = {}) {
  selection = wanted;
  towerPicker.value = wanted && wanted.tower ? wanted.tower.site : "";
  regionPicker.value = wanted && wanted.region ? wanted.region.title : "";
  document.documentElement.dataset.shown = "";
  drawMap();
  if (wanted === null) await showAllForests();
  else if (wanted.region) await showRegion(wanted.region, Number(yearSlider.value));
  else if (wanted.tower) await showTower(wanted.tower, mapData ? Number(yearSlider.value) : 0);
  else await showCell(wanted.cell, findYearIndex());
  document.documentElement.dataset.shown = nameSelection(wanted) || "all";
  writeAddress();
  if (scroll && panel.getBoundingClientRect().top > 0.6 * window.innerHeight) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    panel.scrollIntoView({ behavior: calm || scroll === "at once" ? "auto" : "smooth", block: "start" });
  }
}

/** A selection as the address keeps it; empty for all forests. */
function nameSelection(wanted) {
  if (wanted === null) return "";
  if (wanted.region) return `region ${wanted.region.title}`;
  return wanted.tower ? wanted.tower.site : Object.values(findCentre(wanted.cell)).join(",");
}

/** Write layer, year and selection into the address, so that a reader can pass it on. */
function writeAddress() {
  const parts = mapData ? [layerPicker.value, yearSlider.value] : ["towers", ""];
  if (selection) parts.push(nameSelection(selection));
  history.replaceState(null, "", `#${parts.map(encodeURIComponent).join("/")}`);
}

/** Take layer and year from the address, and return its selection. */
function readAddress() {
  const [layer, year, selected] = location.hash.slice(1).split("/").map(decodeURIComponent);
  if (mapData && hasLayer(layer) && layer in LAYERS) layerPicker.value = layer;
  if (mapData && mapData.years.includes(Number(year))) moveToYear(Number(year));
  if (!selected) return null;
  const tower = data.towers.sites.find(({ site }) => site === selected);
  if (tower) return { tower };
  const region = mapData && selected.startsWith("region ") ? findRegion(mapData.regions, selected.slice(7)) : null;
  if (region) return { region };
  const cell = findCell(...selected.split(",").map(Number));
  return cell < 0 || !Number.isFinite(cell) ? null : { cell };
}

/** Open what lies at a pixel of the canvas: a tower within reach, otherwise the cell. */
function openPixel(px, py, reach) {
  const tower = findTower(px, py, reach);
  if (tower) return openDetails({ tower }, { scroll: true });
  const coordinates = unproject(...toPlane(px, py));
  const cell = coordinates === null ? -1 : findCell(coordinates.lat, coordinates.lon);
  return cell < 0 ? writeStatus(coordinates) : openDetails({ cell }, { scroll: true });
}

/** A drag moves the view, two fingers or the wheel zoom, a click or a tap opens. */
function listenToPointer() {
  const pointers = new Map(); // pixels of the mouse or the fingers that are down
  let moved = 0;
  const findPixel = (event) => {
    const box = canvas.getBoundingClientRect();
    const pixelRatio = canvas.width / box.width;
    return [(event.clientX - box.left) * pixelRatio, (event.clientY - box.top) * pixelRatio];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, findPixel(event));
    if (pointers.size === 1) moved = 0;
    cursor.active = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = findPixel(event);
    if (!pointers.has(event.pointerId)) { writeStatus(unproject(...toPlane(...now))); return; }
    const before = pointers.get(event.pointerId);
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const measureGap = (pixel) => Math.hypot(pixel[0] - other[0], pixel[1] - other[1]);
      zoomView(measureGap(now) / Math.max(1, measureGap(before)), ...toPlane((now[0] + other[0]) / 2, (now[1] + other[1]) / 2));
    } else if (view.zoom > 1) {
      moveView(view.x - (now[0] - before[0]) / computeMapScale(), view.y + (now[1] - before[1]) / computeMapScale());
    }
    pointers.set(event.pointerId, now);
  });
  canvas.addEventListener("pointerup", (event) => {
    const alone = pointers.size === 1;
    pointers.delete(event.pointerId);
    const pixelRatio = canvas.width / canvas.clientWidth;
    // A hand is never quite still: less than 6 pixels is a click and not a drag.
    if (alone && moved < 6 * pixelRatio) openPixel(...findPixel(event), (event.pointerType === "touch" ? 16 : 9) * pixelRatio);
  });
  canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => { if (!cursor.active) writeStatus(null); });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomView(event.deltaY < 0 ? 1.25 : 0.8, ...toPlane(...findPixel(event)));
  }, { passive: false });
}

/** Keys move a cursor over the map, open what lies under it, and zoom. */
function listenToKeyboard() {
  const directions = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const moveCursor = (lat, lon) => {
    Object.assign(cursor, { lat, lon, active: true });
    const [x, y] = project(lat, lon);
    const [px, py] = toPixel(x, y);
    if (px < 0.05 * canvas.width || px > 0.95 * canvas.width || py < 0.05 * canvas.height || py > 0.95 * canvas.height) moveView(x, y);
    else requestAnimationFrame(drawMap);
    writeStatus(cursor);
  };
  canvas.addEventListener("focus", () => { if (canvas.matches(":focus-visible")) moveCursor(cursor.lat, cursor.lon); });
  canvas.addEventListener("blur", () => { cursor.active = false; requestAnimationFrame(drawMap); });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (mapData ? mapData.resolution : 1) * (event.shiftKey ? 10 : 1); // degrees
    if (event.key in directions) {
      const [north, east] = directions[event.key];
      const lat = Math.max(SOUTH + 0.5, Math.min(NORTH - 0.5, cursor.lat + north * step));
      moveCursor(lat, ((cursor.lon + east * step + 540) % 360) - 180);
    } else if (event.key === "Enter" || event.key === " ") {
      openPixel(...toPixel(...project(cursor.lat, cursor.lon)), 3 * (canvas.width / canvas.clientWidth));
    } else if (event.key === "+" || event.key === "=") zoomView(1.5, ...project(cursor.lat, cursor.lon));
    else if (event.key === "-") zoomView(1 / 1.5, ...project(cursor.lat, cursor.lon));
    else if (event.key === "0") showAll();
    else if (event.key === "t" || event.key === "T") {
      const measureAway = (tower) => measureDistance(cursor.lat, cursor.lon, tower.lat, tower.lon);
      const others = data.towers.sites.filter((tower) => measureAway(tower) > 1e-3).sort((a, b) => measureAway(a) - measureAway(b));
      if (others.length) moveCursor(others[0].lat, others[0].lon);
    } else return;
    event.preventDefault();
  });
}

/** Fill the lists of towers and layers, and connect every control. */
function fillControls() {
  for (const tower of data.towers.sites) towerPicker.append(makeElement("option", { value: tower.site }, `${tower.site} (${tower.igbp})`));
  towerPicker.addEventListener("change", () => {
    const tower = data.towers.sites.find(({ site }) => site === towerPicker.value);
    openDetails(tower ? { tower } : null, { scroll: true });
  });
  for (const id of ["show-towers", "show-outlines"]) findElement(id).addEventListener("change", drawMap);
  for (const id of ["show-weak", "show-outside"]) findElement(id).addEventListener("change", repaintMap);
  findElement("zoom-in").addEventListener("click", () => zoomView(1.6));
  findElement("zoom-out").addEventListener("click", () => zoomView(1 / 1.6));
  findElement("zoom-all").addEventListener("click", showAll);
  findElement("controls").addEventListener("submit", (event) => event.preventDefault());
  if (mapData === null) {
    for (const part of document.querySelectorAll("[data-map]")) part.hidden = true;
    return;
  }
  findElement("show-outlines").parentElement.hidden = !mapData.outlines.names.length;
  fillRegionPicker(regionPicker, mapData.regions);
  regionPicker.addEventListener("change", () => {
    const region = findRegion(mapData.regions, regionPicker.value);
    openDetails(region ? { region } : null, { scroll: true });
  });
  const groups = {};
  for (const [name, layer] of Object.entries(LAYERS)) {
    if (!hasLayer(name)) continue;
    if (!(layer.group in groups)) layerPicker.append((groups[layer.group] = makeElement("optgroup", { label: layer.group })));
    groups[layer.group].append(makeElement("option", { value: name }, layer.label));
  }
  [yearSlider.min, yearSlider.max] = [mapData.years[0], mapData.years[mapData.years.length - 1]];
  moveToYear(data.pair[1]);
  layerPicker.addEventListener("change", repaintMap);
  yearSlider.addEventListener("input", () => {
    moveToYear(Number(yearSlider.value));
    repaintMap();
    if (selection) openDetails(selection);
  });
  findElement("display-note").textContent = isAveraged
    ? `Shown at ${mapData.resolution}°: means over the forest of ${blockSide} × ${blockSide} cells of the map, which has ${mapData.map_resolution}°. Intervals are means of the cells' intervals.${fine ? ` Zoom in to see the cells themselves, in ${fine.years.join(" and ")} and in the change.` : ""}`
    : `Every cell of the map, ${mapData.resolution}°, as it is. Equal Earth projection.`;
}

/** Show the map as early as possible, then the details. */
async function startPage() {
  // The map is what the page is opened for; the report has the whole answer open.
  for (const part of document.querySelectorAll("details.rest")) part.open = false;
  fillControls();
  await Promise.all([prepareMap(), prepareOutlines()]);
  const wanted = readAddress();
  resizeMap();
  showAll();
  new ResizeObserver(resizeMap).observe(canvas);
  await repaintMap();
  listenToPointer();
  listenToKeyboard();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
  await new Promise((done) => setTimeout(done, 0)); // lets the browser paint the map before the charts are unpacked
  await openDetails(wanted, { scroll: wanted === null ? false : "at once" });
}

if ("DecompressionStream" in window) startPage();
else panel.append("This browser is too old for the page: it needs Chrome 80, Firefox 113 or Safari 16.4.");

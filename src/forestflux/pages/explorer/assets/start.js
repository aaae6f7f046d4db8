// Controls, pointer and keyboard; then the first picture.

const by = (id) => document.getElementById(id);
const picker = by("layer");
const slider = by("year");
const list = by("tower");
let turn = 0; // the last picture asked for wins

const layerNow = () => LAYERS[picker.value];
const yearNow = () => Number(slider.value) - Number(slider.min);

/** Colour the map by the chosen layer and year. */
async function repaint() {
  if (world === null) return drawMap();
  const mine = (turn += 1);
  const layer = layerNow();
  slider.disabled = !layer.year;
  by("show-weak").parentElement.hidden = !layer.clear;
  by("show-outside").parentElement.hidden = !has("applicable") || picker.value === "applicable";
  by("year-shown").textContent = layer.year ? slider.value : `${data.pair[0]}–${data.pair[1]}`;
  const colours = await colourCells(layer, yearNow());
  const share = layer.clear && by("show-weak").checked ? await numbers(world.change[layer.clear]) : null;
  const inside = has("applicable") && by("show-outside").checked && picker.value !== "applicable"
    ? cut(await numbers(world.annual.applicable), layer.year ? yearNow() : world.years.indexOf(data.pair[1])) : null;
  if (mine !== turn) return undefined;
  drawn.colours = colours;
  drawn.weak = share && Uint8Array.from(share, (value) => (value < 0.5 ? 1 : 0));
  drawn.outside = inside && Uint8Array.from(inside, (value) => (value < 0.5 ? 1 : 0));
  await drawLegend(layer);
  drawMap();
  remember();
  document.documentElement.dataset.painted = picker.value;
  return undefined;
}

/** Round numbers between two ends. */
function ticks(low, high) {
  const raw = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + 1e-9 * step; value += step) found.push(Math.abs(value) < 1e-9 * step ? 0 : value);
  return { values: found, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (String(step).includes("25") && step < 10 ? 1 : 0)) };
}

async function drawLegend(layer) {
  by("legend-title").textContent = `${layer.label}${layer.year ? ` ${slider.value}` : ""}${layer.unit && layer.unit !== "1" && !layer.classes ? ` (${layer.unit})` : ""}`;
  by("legend-note").textContent = layer.note;
  const bar = by("legend-bar");
  by("legend-classes").replaceChildren(...(layer.classes || []).map((c) => {
    const key = make("span", { class: "key" });
    key.style.background = c.colour;
    return make("li", {}, key, c.label);
  }));
  bar.hidden = by("legend-ticks").hidden = Boolean(layer.classes);
  if (layer.classes) return;
  const [low, high] = await scaleOf(layer);
  bar.width = 512;
  const paint = bar.getContext("2d");
  paletteOf(layer.palette).forEach(([r, g, b], i) => { paint.fillStyle = `rgb(${r},${g},${b})`; paint.fillRect(2 * i, 0, 2, 14); });
  const { values, digits } = ticks(low, high);
  by("legend-ticks").replaceChildren(...values.filter((v) => (v - low) / (high - low) < 0.97).map((value) => {
    const mark = make("span", {}, shown(value, digits));
    mark.style.left = `${Math.max(1.5, (100 * (value - low)) / (high - low))}%`;
    return mark;
  }));
}

/** Say what lies under the pointer or the cursor. */
async function tell(place) {
  if (place === null) { by("status").textContent = ""; return; }
  const cell = cellAt(place.lat, place.lon);
  const where = placeName(place.lat, place.lon, 1);
  if (cell < 0) { by("status").textContent = `${where}: no forest on the map`; return; }
  const layer = layerNow();
  const value = (await layer.read(yearNow()))[cell] * (layer.factor || 1);
  const found = layer.classes && layer.classes.find((c) => c.test(value));
  const words = found ? found.label : `${shown(value, layer.digits || 0)} ${layer.unit === "1" ? "" : layer.unit}`;
  by("status").textContent = `${where}: ${layer.label}${layer.year ? ` ${slider.value}` : ""} ${words}`;
}

/** Open a cell, a tower, or with null all forests. */
async function select(what, { scroll = false } = {}) {
  chosen = what;
  list.value = what && what.tower ? what.tower.site : "";
  document.documentElement.dataset.shown = "";
  drawMap();
  if (what === null) await showAll();
  else if (what.tower) await showTower(what.tower, world ? Number(slider.value) : 0);
  else await showCell(what.cell, yearNow());
  document.documentElement.dataset.shown = what === null ? "all" : what.tower ? what.tower.site : String(what.cell);
  remember();
  if (scroll && panel.getBoundingClientRect().top > 0.6 * window.innerHeight) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    panel.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  }
}

/** The view in the address, so that it can be passed on. */
function remember() {
  const parts = world ? [picker.value, slider.value] : ["towers", ""];
  if (chosen) parts.push(chosen.tower ? chosen.tower.site : Object.values(centreOf(chosen.cell)).join(","));
  history.replaceState(null, "", `#${parts.map(encodeURIComponent).join("/")}`);
}

function recall() {
  const [layer, year, place] = location.hash.slice(1).split("/").map(decodeURIComponent);
  if (world && has(layer) && layer in LAYERS) picker.value = layer;
  if (world && Number(year) >= Number(slider.min) && Number(year) <= Number(slider.max)) slider.value = year;
  if (!place) return null;
  const tower = data.towers.sites.find((site) => site.site === place);
  if (tower) return { tower };
  const cell = cellAt(...place.split(",").map(Number));
  return cell < 0 ? null : { cell };
}

function openAt(px, py, reach) {
  const tower = towerAt(px, py, reach);
  if (tower) return select({ tower }, { scroll: true });
  const place = unproject(...toPlane(px, py));
  const cell = place === null ? -1 : cellAt(place.lat, place.lon);
  return cell < 0 ? tell(place) : select({ cell }, { scroll: true });
}

function listenToPointer() {
  const fingers = new Map();
  let moved = 0;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const dpr = canvas.width / box.width;
    return [(event.clientX - box.left) * dpr, (event.clientY - box.top) * dpr];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    if (fingers.size === 1) moved = 0;
    cursor.active = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event);
    if (!fingers.has(event.pointerId)) { tell(unproject(...toPlane(...now))); return; }
    const before = fingers.get(event.pointerId);
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const apart = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
      zoomBy(apart(now) / Math.max(1, apart(before)), ...toPlane((now[0] + other[0]) / 2, (now[1] + other[1]) / 2));
    } else if (view.zoom > 1) {
      moveTo(view.x - (now[0] - before[0]) / pixelsPerUnit(), view.y + (now[1] - before[1]) / pixelsPerUnit());
    }
    fingers.set(event.pointerId, now);
  });
  canvas.addEventListener("pointerup", (event) => {
    const single = fingers.size === 1;
    fingers.delete(event.pointerId);
    const dpr = canvas.width / canvas.clientWidth;
    if (single && moved < 6 * dpr) openAt(...at(event), (event.pointerType === "touch" ? 16 : 9) * dpr);
  });
  canvas.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => { if (!cursor.active) tell(null); });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 1.25 : 0.8, ...toPlane(...at(event)));
  }, { passive: false });
}

function listenToKeyboard() {
  const steps = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const put = (lat, lon) => {
    Object.assign(cursor, { lat, lon, active: true });
    const [x, y] = project(lat, lon);
    const [px, py] = toPixel(x, y);
    if (px < 0.05 * canvas.width || px > 0.95 * canvas.width || py < 0.05 * canvas.height || py > 0.95 * canvas.height) moveTo(x, y);
    else requestAnimationFrame(drawMap);
    tell(cursor);
  };
  canvas.addEventListener("focus", () => { if (canvas.matches(":focus-visible")) put(cursor.lat, cursor.lon); });
  canvas.addEventListener("blur", () => { cursor.active = false; requestAnimationFrame(drawMap); });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const cells = (world ? world.resolution : 1) * (event.shiftKey ? 10 : 1);
    if (event.key in steps) {
      const [north, east] = steps[event.key];
      const lat = Math.max(SOUTH + 0.5, Math.min(NORTH - 0.5, cursor.lat + north * cells));
      put(lat, ((cursor.lon + east * cells + 540) % 360) - 180);
    } else if (event.key === "Enter" || event.key === " ") {
      openAt(...toPixel(...project(cursor.lat, cursor.lon)), 3 * (canvas.width / canvas.clientWidth));
    } else if (event.key === "+" || event.key === "=") zoomBy(1.5, ...project(cursor.lat, cursor.lon));
    else if (event.key === "-") zoomBy(1 / 1.5, ...project(cursor.lat, cursor.lon));
    else if (event.key === "0") zoomBy(1e-9);
    else if (event.key === "t" || event.key === "T") {
      const away = (tower) => distance(cursor.lat, cursor.lon, tower.lat, tower.lon);
      const others = data.towers.sites.filter((tower) => away(tower) > 1e-3).sort((a, b) => away(a) - away(b));
      if (others.length) put(others[0].lat, others[0].lon);
    } else return;
    event.preventDefault();
  });
}

function fillControls() {
  for (const tower of data.towers.sites) list.append(make("option", { value: tower.site }, `${tower.site} (${tower.igbp})`));
  list.addEventListener("change", () => {
    const tower = data.towers.sites.find((site) => site.site === list.value);
    select(tower ? { tower } : null, { scroll: true });
  });
  by("show-towers").addEventListener("change", drawMap);
  for (const id of ["show-weak", "show-outside"]) by(id).addEventListener("change", repaint);
  by("zoom-in").addEventListener("click", () => zoomBy(1.6));
  by("zoom-out").addEventListener("click", () => zoomBy(1 / 1.6));
  by("zoom-all").addEventListener("click", () => zoomBy(1e-9));
  by("controls").addEventListener("submit", (event) => event.preventDefault());
  if (world === null) {
    for (const part of document.querySelectorAll("[data-map]")) part.hidden = true;
    return;
  }
  const groups = {};
  for (const [name, layer] of Object.entries(LAYERS)) {
    if (!has(name)) continue;
    if (!(layer.group in groups)) picker.append((groups[layer.group] = make("optgroup", { label: layer.group })));
    groups[layer.group].append(make("option", { value: name }, layer.label));
  }
  [slider.min, slider.max] = [world.years[0], world.years[world.years.length - 1]];
  slider.value = data.pair[1];
  picker.addEventListener("change", repaint);
  slider.addEventListener("input", () => {
    repaint();
    if (chosen) select(chosen);
  });
  const finer = world.resolution !== world.map_resolution;
  by("display-note").textContent = finer
    ? `Shown at ${world.resolution}°: means over the forest of ${world.resolution / world.map_resolution} × ${world.resolution / world.map_resolution} cells of the map, which has ${world.map_resolution}°. Intervals are means of the cells' intervals.`
    : `Every cell of the map, ${world.resolution}°, as it is. Equal Earth projection.`;
}

async function start() {
  fillControls();
  await prepareMap();
  const wanted = recall();
  resizeMap();
  new ResizeObserver(resizeMap).observe(canvas);
  await repaint();
  listenToPointer();
  listenToKeyboard();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
  await new Promise((done) => setTimeout(done, 0)); // the map is painted before the charts are unpacked
  await select(wanted);
}

if ("DecompressionStream" in window) start();
else panel.append("This browser is too old for the page: it needs Chrome 80, Firefox 113 or Safari 16.4.");

// The details beside the map: all forests, one cell, one tower.

const panel = document.getElementById("details");
const FLUXES = [
  { name: "gpp", title: `GPP (${FLUX_UNIT})`, colour: "#2f6b2f" },
  { name: "nee", title: `NEE (${FLUX_UNIT}; negative: uptake)`, colour: "#1d5c8f" },
];

/** An element with text and children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function facts(rows) {
  return make("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function table(caption, head, rows) {
  const cell = (value, at) => (at === 0 ? make("th", { scope: "row" }, value) : make("td", at === 1 ? { class: "strong" } : {}, value));
  return make("table", {}, make("caption", {}, caption),
    make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...rows.map(({ id, cells }) => make("tr", id ? { id } : {}, ...cells.map(cell)))));
}

/** A place for a chart, with words for those who do not see it. */
const chart = (label) => make("div", { class: "chart", role: "img", "aria-label": label });
const quiet = (text) => make("p", { class: "quiet" }, text);
const interval = (lower, upper, digits) =>
  Number.isFinite(lower) && Number.isFinite(upper) ? `${shown(lower, digits)} to ${shown(upper, digits)}` : "–";

function fill(...parts) {
  const back = make("button", { type: "button", class: "back", id: "back" }, "all forests");
  back.addEventListener("click", () => select(null));
  panel.replaceChildren(...(chosen ? [back] : []), ...parts);
  panel.scrollTop = 0;
}

/** The strongest reason of each flux in words. */
function strongest(reasons) {
  const words = ["gpp", "nee"].map((flux) => {
    let best = { size: -1 };
    reasons[flux].forEach((months, variable) => months.forEach((value, month) => {
      if (Math.abs(value) > best.size) best = { size: Math.abs(value), value, variable, month };
    }));
    return `${flux.toUpperCase()} by ${shown(best.value, 0, true)} (${data.variables[best.variable].label}, ${MONTH_NAMES[best.month]})`;
  });
  return `Hiding one variable in one month would change ${words.join(" and ")} at most.`;
}

const REASON_NOTE = "The network's estimate with one variable hidden in one month, minus its estimate from the series as " +
  "observed; mean of the ensemble. Variables that say the same stand in for each other.";

/** All forests: totals through the years, or what the page can show. */
async function showAll() {
  if (world === null) {
    fill(make("h2", {}, "Towers"),
      make("p", {}, `${data.towers.sites.length} flux towers. Choose one on the map or from the list: its series, its fluxes and the estimate of a network that had not seen it.`));
    return;
  }
  const rows = ["gpp", "nee"].flatMap((flux) => data.pair.map((year) => {
    const row = world.totals.find((r) => r.variable === flux && r.year === year);
    return { id: `total-${flux}-${year}`, cells: [`${flux.toUpperCase()} ${year}`, shown(row.total, 2), interval(row.total_lower, row.total_upper, 2)] };
  }));
  const place = chart("Lines of the annual totals of GPP and NEE with their interval");
  fill(make("h2", {}, "All forests"), quiet("Choose a cell or a tower to see its series, its estimate and what drove it."),
    table(`Totals, PgC yr⁻¹; negative NEE: uptake by the forest`, ["", "total", `${percent} interval`], rows),
    make("h3", {}, "Annual totals"), place,
    quiet("Bands: spread of the ensemble's members. What all members get wrong alike is not in them."));
  const years = [...new Set(world.totals.map((row) => row.year))];
  const of = (flux, name) => world.totals.filter((row) => row.variable === flux).map((row) => row[name]);
  await plotYears(place, years, FLUXES.map(({ name, colour }) => ({ title: `${name.toUpperCase()} (PgC yr⁻¹)`, colour,
    values: of(name, "total"), lower: of(name, "total_lower"), upper: of(name, "total_upper") })), data.pair);
}

/** Annual values of one cell: {gpp: [...], gpp_lower: ...}. */
async function annualOf(cell) {
  const count = flat.length;
  const found = {};
  for (const name of ["nee", ...Object.keys(world.annual)]) {
    const values = await (name === "forest_type" ? codes(world.annual[name]) : everyYear(name));
    found[name] = world.years.map((_, year) => values[year * count + cell]);
  }
  for (const flux of ["gpp", "nee"]) {
    found[`${flux}_lower`] = found[flux].map((value, year) => value - found[`${flux}_below`][year]);
    found[`${flux}_upper`] = found[flux].map((value, year) => value + found[`${flux}_above`][year]);
  }
  return found;
}

async function changeOf(cell) {
  const found = {};
  for (const [name, packed] of Object.entries(world.change)) found[name] = (await numbers(packed))[cell];
  return found;
}

/** The kept sample of the block in which a cell lies, nearest first; of all, or of the explained ones. */
function sampleFor(place, rows) {
  const { lat, lon } = world.details;
  let best = { away: Infinity };
  rows.forEach((row, at) => {
    const away = distance(place.lat, place.lon, lat[row], lon[row]);
    if (away < best.away) best = { row, at, away };
  });
  return best;
}

/** Says of which cell a part is, where it is not the chosen one. */
function whose(sample, place, side) {
  const same = sample.away < 0.6 * world.resolution * 111 && world.resolution === world.map_resolution;
  if (same && side === 1) return "";
  if (same) return "Kept for some cells, this one among them.";
  const { lat, lon } = world.details;
  return `Not of this cell: kept for the cell with most forest in each block of ${side} × ${side}, here the one at ` +
    `${placeName(lat[sample.row], lon[sample.row])}, ${shown(sample.away)} km away.`;
}

async function showCell(cell, year) {
  const place = centreOf(cell);
  const [values, change] = await Promise.all([annualOf(cell), changeOf(cell)]);
  const type = data.types[values.forest_type[year] - 1];
  const name = world.years[year];
  const estimate = ["gpp", "reco", "nee"].map((flux) => ({ id: `estimate-${flux}`, cells: [flux.toUpperCase(), shown(values[flux][year]),
    flux === "reco" ? "–" : interval(values[`${flux}_lower`][year], values[`${flux}_upper`][year])] }));
  const changes = ["gpp", "nee"].flatMap((flux) => [
    [`difference-${flux}`, `${flux}_difference`, pairName, 0],
    [`window-${flux}`, `${flux}_window_difference`, windowName, 0],
    [`slope-${flux}`, `${flux}_slope`, "slope (yr⁻²)", 1],
  ].filter(([, layer]) => layer in change).map(([id, layer, words, digits]) => ({ id, cells: [`${flux.toUpperCase()}, ${words}`,
    shown(change[layer], digits, true), layer.endsWith("slope") ? pName(change[`${flux}_p`]) : `± ${shown(change[`${layer}_sd`])}`,
    passes(change[`${layer}_clear`], change[`${layer}_adjusted`])] })));
  const about = [
    ["forest", type ? `${type.label} (${type.name}), ${shown(100 * values.forest_fraction[year])} % of the cell` : `none in ${name}`],
    ["missing inputs", `${shown(100 * values.gap_fraction[year], 1)} %`],
    ...("applicable" in values ? [["applicability", applicability(values, year)]] : []),
    ...(world.resolution === world.map_resolution ? [] : [["size", `mean of the forest in ${world.resolution / world.map_resolution} × ${world.resolution / world.map_resolution} cells of the map`]]),
  ];
  const every = [...world.details.lat.keys()];
  const sample = sampleFor(place, every);
  const explained = sampleFor(place, world.details.explained.rows);
  const places = [chart("Lines of annual GPP and NEE with their interval"),
    chart(`Input series in ${data.pair.join(" and ")}; gaps stay open`),
    chart("Heat maps of the change of GPP and NEE by variable and month")];
  const reasons = await reasonsOf(world.details.reasons, explained.at);
  fill(make("h2", {}, `Cell ${placeName(place.lat, place.lon)}`), facts(about),
    table(`Estimate of ${name}, ${FLUX_UNIT} of forest ground`, ["", "estimate", `${percent} interval`], estimate),
    make("h3", {}, "Annual series"), places[0],
    table(`Change, ${FLUX_UNIT}; negative NEE: more uptake`, ["", "change", "how sure", "significant"], changes),
    make("h3", {}, `Inputs in ${data.pair.join(" and ")}`),
    quiet(`${whose(sample, place, world.details.side)} Ticks below a series: gaps. Nothing is filled.`), places[1],
    make("h3", {}, `What drove the estimate of ${world.details.explained.year}`),
    quiet(whose(explained, place, world.details.explained.side)), make("p", {}, strongest(reasons)), places[2], quiet(REASON_NOTE));
  await plotYears(places[0], world.years, FLUXES.map(({ name: flux, title, colour }) => ({ title, colour, values: values[flux],
    lower: values[`${flux}_lower`], upper: values[`${flux}_upper`] })), [name]);
  const series = await Promise.all(data.pair.map((y) => seriesOf(world.details.series[y], sample.row)));
  await plotSeries(places[1], series.map((s, at) => ({ name: String(data.pair[at]), series: s, colour: [FIRST, SECOND][at] })));
  await plotReasons(places[2], reasons);
}

const pName = (p) => (p < 0.001 ? "p < 0.001" : `p ${shown(p, 3)}`);

/** Whether a change is more than chance; of a mean over cells, the share of the forest where it is. */
function passes(clear, adjusted) {
  if (world.resolution !== world.map_resolution) return `${shown(100 * clear)} % of forest, adjusted ${shown(100 * adjusted)} %`;
  if (adjusted >= 0.5) return "yes, adjusted too";
  return clear >= 0.5 ? "yes, not adjusted" : "may be chance";
}

function applicability(values, year) {
  const share = values.applicable[year];
  const words = world.resolution === world.map_resolution
    ? (share >= 0.5 ? "inside" : "outside: unlike every training tower") : `${shown(100 * share)} % of the forest inside`;
  return "dissimilarity" in values ? `${words}; dissimilarity ${shown(values.dissimilarity[year], 2)}` : words;
}

/** The site-year to show: the one of the map's year, else the last with a series. */
function siteYear(tower, wanted) {
  const usable = tower.years.filter((row) => row.series !== null);
  return usable.find((row) => row.year === wanted) || usable[usable.length - 1] || tower.years[tower.years.length - 1];
}

async function showTower(tower, wanted) {
  const shownYear = siteYear(tower, wanted);
  const type = data.types.find((t) => t.name === tower.igbp);
  const used = tower.years.filter((row) => row.used).length;
  const about = [["land cover", type ? `${type.label} (${type.name})` : `${tower.igbp}: trains the network, is never scored`],
    ["place", placeName(tower.lat, tower.lon)],
    ["site-years", `${used} used, ${tower.years.length - used} dropped`],
    ...(tower.holdout ? [["training", "held out of all training"]] : []),
    ...("applicable" in shownYear ? [["applicability", `${shownYear.applicable}; dissimilarity ${shown(shownYear.dissimilarity, 2)} to the towers that trained its fold`]] : [])];
  const known = Number.isFinite(shownYear.gpp_pred);
  const rows = ["gpp", "nee"].map((flux) => ({ id: `estimate-${flux}`, cells: [flux.toUpperCase(),
    known ? shown(shownYear[`${flux}_pred`]) : "–", known ? interval(shownYear[`${flux}_lower`], shownYear[`${flux}_upper`]) : "–",
    shown(shownYear[flux])] }));
  const years = tower.years.map((row) => row.year);
  const span = Array.from({ length: years[years.length - 1] - years[0] + 1 }, (_, i) => years[0] + i);
  const of = (name) => span.map((year) => { const row = tower.years.find((r) => r.year === year); return row && row[name] !== undefined ? row[name] : null; });
  const places = [chart("Annual GPP and NEE at the tower and as estimated, with the interval"),
    chart(`Input series of ${shownYear.year}; gaps stay open`), chart("Heat maps of the change of GPP and NEE by variable and month")];
  const at = data.towers.reasons_of.findIndex((row) => row.site === tower.site);
  const reasons = at < 0 ? null : await reasonsOf(data.towers.reasons, at);
  const drove = reasons === null ? [] : [make("h3", {}, `What drove the estimate of ${data.towers.reasons_of[at].year}`),
    make("p", {}, strongest(reasons)), places[2], quiet(`Of the tower's last year that is used. ${REASON_NOTE}`)];
  fill(make("h2", {}, `Tower ${tower.site}`), facts(about),
    table(`${shownYear.year}, ${FLUX_UNIT} of ground; estimate by networks that had not seen this site`,
      ["", "estimate", `${percent} interval`, "at the tower"], rows),
    ...(known ? [] : [quiet(shownYear.used ? "No estimate: not scored in this year." : `No estimate: ${shownYear.reason}.`)]),
    make("h3", {}, "Site-years"), places[0], quiet("Rings: at the tower. Squares with bars: estimate and interval."),
    ...(shownYear.series === null ? [] : [make("h3", {}, `Inputs in ${shownYear.year}`), quiet("Ticks below a series: gaps. Nothing is filled."), places[1]]),
    ...drove);
  await plotYears(places[0], span, FLUXES.map(({ name, title, colour }) => ({ title, colour, values: of(`${name}_pred`),
    lower: of(`${name}_lower`), upper: of(`${name}_upper`), observed: of(name) })), []);
  if (shownYear.series !== null)
    await plotSeries(places[1], [{ name: String(shownYear.year), series: await seriesOf(data.towers.series, shownYear.series), colour: FIRST }]);
  if (reasons !== null) await plotReasons(places[2], reasons);
}

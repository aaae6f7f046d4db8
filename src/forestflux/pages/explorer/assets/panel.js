// The details beside the map: of all forests, of one cell, or of one tower.

const panel = document.getElementById("details");
const GAPS_NOTE = "Ticks below a series mark gaps. Nothing is filled.";
const REASONS_LABEL = "Heat maps of the change of GPP and NEE by variable and month";
const REASONS_NOTE = "The network's estimate with one variable hidden in one month, minus its estimate from the series as " +
  "observed; mean of the ensemble. Where two variables say the same, hiding one of them changes little.";
const FLUXES = [
  { name: "gpp", title: `GPP (${FLUX_UNIT})`, colour: "#2f6b2f" },
  { name: "nee", title: `NEE (${FLUX_UNIT}; negative: uptake)`, colour: "#1d5c8f" },
];

/** A list of facts: [name, value]. */
function makeFacts(rows) {
  return makeElement("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => [makeElement("dt", {}, name), makeElement("dd", {}, value)]));
}

/** An empty element for a chart, with words for readers who do not see it. */
const makeChartBox = (label) => makeElement("div", { class: "chart", role: "img", "aria-label": label });
/** A paragraph that says how to read what stands beside it. */
const makeNote = (text) => makeElement("p", { class: "quiet" }, text);
/** Show these parts in the panel, below a way back to all forests. */
function fillPanel(...parts) {
  const back = makeElement("button", { type: "button", class: "back", id: "back" }, "all forests");
  back.addEventListener("click", () => openDetails(null));
  panel.replaceChildren(...(selection ? [back] : []), ...parts);
  panel.scrollTop = 0;
}

/** The strongest reason of each flux in words. */
function describeStrongestReasons(reasons) {
  const words = TARGET_FLUXES.map((flux) => {
    let strongest = { size: -1 };
    reasons[flux].forEach((months, variable) => months.forEach((value, month) => {
      if (Math.abs(value) > strongest.size) strongest = { size: Math.abs(value), value, variable, month };
    }));
    const { value, variable, month } = strongest;
    return `${flux.toUpperCase()} by ${formatNumber(value, 0, true)} (${data.variables[variable].label}, ${MONTH_NAMES[month]})`;
  });
  return `Hiding one variable in one month would change ${words.join(" and ")} at most.`;
}

/** Show the totals of all forests; for a run of towers alone, say what the page can show. */
async function showAllForests() {
  if (mapData === null) {
    fillPanel(makeElement("h2", {}, "Towers"),
      makeElement("p", {}, `${data.towers.sites.length} flux towers. Choose one on the map or from the list to see its series, its fluxes and the estimate of a network that had not seen it.`));
    return;
  }
  const toTeragrams = (value) => (value === null ? null : value * 1000);
  const scale = (value) => (value === null ? null : toTeragrams(value) * factor);
  const takeColumn = (flux, name) => mapData.totals.filter((row) => row.variable === flux).map((row) => row[name]);
  const { unit, factor } = chooseRegionUnit({ gpp: { total_tg: takeColumn("gpp", "total").map(toTeragrams) } });
  const rows = TARGET_FLUXES.flatMap((flux) => data.pair.map((year) => {
    const row = mapData.totals.find((total) => total.variable === flux && total.year === year);
    const numbers = [row.total, row.total_lower, row.total_upper].map(toTeragrams);
    return { id: `total-${flux}-${year}`, cells: [`${flux.toUpperCase()} ${year}`, ...describeBounds(...numbers, factor)] };
  }));
  const box = makeChartBox("Lines of the annual totals of GPP and NEE with their interval");
  fillPanel(makeElement("h2", {}, "All forests"), makeNote("Choose a cell or a tower to see its series, its estimate and what drove it."),
    makeTable(`Totals, ${unit}; negative NEE: uptake by the forest`, ["flux and year", "total", `${levelText} interval`], rows),
    makeElement("h3", {}, "Annual totals"), box,
    makeNote("Bands are of the errors that unseen towers showed. Most of such an error is of the level and moves all years alike."));
  const years = [...new Set(mapData.totals.map((row) => row.year))];
  const scaleColumn = (flux, name) => takeColumn(flux, name).map(scale);
  await plotYears(box, years, FLUXES.map(({ name, colour }) => ({ title: `${name.toUpperCase()} (${unit})`, colour,
    values: scaleColumn(name, "total"), lower: scaleColumn(name, "total_lower"), upper: scaleColumn(name, "total_upper") })), data.pair);
}

/** Show the totals, the change and the series of a region; the year is that of the slider. */
async function showRegion(region, year) {
  const regions = mapData.regions;
  const index = regions.years.indexOf(year);
  const { unit, factor } = chooseRegionUnit(region);
  const box = makeChartBox(`Lines of the annual totals of GPP and NEE of ${region.name} with their interval`);
  const code = region.code || region.label ? ` (${region.code || region.label})` : "";
  fillPanel(makeElement("h2", {}, `${region.name}${code}`), makeElement("p", {}, describeRegionForest(region, index)),
    makeRegionYearTable(regions, region, index), makeElement("h3", {}, "Annual totals"), box,
    makeRegionChangeTable(regions, region), makeRegionLinks(regions, region));
  const scale = (values) => values.map((value) => (value === null ? null : value * factor));
  await plotYears(box, regions.years, FLUXES.map(({ name, colour }) => ({ title: `${name.toUpperCase()} (${unit})`, colour,
    values: scale(region[name].total_tg), lower: scale(region[name].total_tg_lower), upper: scale(region[name].total_tg_upper) })), [year]);
}

/** Annual values of one cell: {gpp: [...], gpp_lower: ...}. */
async function readAnnualValues(cell) {
  const count = positionByCell.length;
  const annual = {};
  for (const name of ["nee", ...Object.keys(mapData.annual)]) {
    const values = await (name === "forest_type" ? unpackCodes(mapData.annual[name]) : readAllYears(name));
    annual[name] = mapData.years.map((_, year) => values[year * count + cell]);
  }
  for (const flux of TARGET_FLUXES) {
    annual[`${flux}_lower`] = annual[flux].map((value, year) => value - annual[`${flux}_below`][year]);
    annual[`${flux}_upper`] = annual[flux].map((value, year) => value + annual[`${flux}_above`][year]);
  }
  return annual;
}

/** Layers of the change at one cell, by name. */
async function readChange(cell) {
  const change = {};
  for (const [name, packed] of Object.entries(mapData.change)) change[name] = (await unpackNumbers(packed))[cell];
  return change;
}

/** The nearest cell whose series are kept, among those with these rows: its row, where it stands in `rows`, km away. */
function findNearestSample(centre, rows) {
  const { lat, lon } = mapData.details;
  let nearest = { away: Infinity };
  rows.forEach((row, index) => {
    const away = measureDistance(centre.lat, centre.lon, lat[row], lon[row]);
    if (away < nearest.away) nearest = { row, index, away };
  });
  return nearest;
}

/** Say of which cell a part of the details is, where it is not the selected one. */
function describeSample(sample, side) {
  // A degree has 111 km; within 0.6 cells it is the selected cell itself, unless the page shows means of cells.
  const same = sample.away < 0.6 * mapData.resolution * 111 && !isAveraged;
  if (same && side === 1) return "";
  if (same) return "Kept for some cells only, of which this is one.";
  const { lat, lon } = mapData.details;
  return `Not of this cell: in each block of ${side} × ${side} cells it is kept for the one with most forest. The nearest one is at ` +
    `${formatCoordinates(lat[sample.row], lon[sample.row])}, ${formatNumber(sample.away, sample.away < 10 ? 1 : 0)} km away.`;
}

/** The months of the pair of years at a kept cell, as a part of the panel and a call that draws it; null where there are none. */
async function prepareMonths(sample) {
  const { months } = mapData.details;
  if (!months) return null;
  const sets = await Promise.all(data.pair.map(async (year, i) => ({ name: String(year), colour: [FIRST_YEAR_COLOUR, SECOND_YEAR_COLOUR][i],
    months: await unpackMonths(months[year], sample.row) })));
  const known = sets.filter((set) => set.months.gpp.some(Number.isFinite));
  if (!known.length) return null;
  const box = makeChartBox(`Lines of GPP and NEE of the months of ${known.map(({ name }) => name).join(" and ")} with their interval`);
  const parts = [makeElement("h3", {}, `Months of ${data.pair.join(" and ")}`), makeNote(describeSample(sample, mapData.details.side)), box,
    makeNote(`Bands are ${levelText} intervals of a month. Their errors go together: the interval of the year does not follow from them.`)];
  return { parts, draw: () => plotMonths(box, known) };
}

/** Compared products at a cell, as a table; nothing where there are none. */
async function makeComparedTable(cell) {
  const rows = [];
  for (const product of mapData.compared) {
    const [value, difference] = await Promise.all([product.product, product.difference].map(async (layer) => (await unpackNumbers(layer))[cell]));
    if (Number.isFinite(value)) rows.push({ id: `compared-${product.name}`, cells: [`${product.flux.toUpperCase()}, ${product.title}`,
      formatNumber(value), formatNumber(value + difference), formatNumber(difference, 0, true), product.years.join("–")] });
  }
  return rows.length ? [makeTable(`Beside other products, ${FLUX_UNIT}, means of the common years`,
    ["flux and product", "product", "run", "run minus product", "years"], rows)] : [];
}

/** Show the details of a cell; the estimate is that of the year with this index. */
async function showCell(cell, year) {
  const centre = findCentre(cell);
  const [values, change] = await Promise.all([readAnnualValues(cell), readChange(cell)]);
  const type = data.types[values.forest_type[year] - 1];
  const calendarYear = mapData.years[year];
  const estimates = ["gpp", "reco", "nee"].map((flux) => ({ id: `estimate-${flux}`, cells: [flux.toUpperCase(), formatNumber(values[flux][year]),
    flux === "reco" ? "–" : formatInterval(values[`${flux}_lower`][year], values[`${flux}_upper`][year])] }));
  const changes = TARGET_FLUXES.flatMap((flux) => [
    [`difference-${flux}`, `${flux}_difference`, pairLabel, 0],
    [`window-${flux}`, `${flux}_window_difference`, windowLabel, 0],
    [`slope-${flux}`, `${flux}_slope`, "slope (yr⁻²)", 1],
  ].filter(([, layer]) => layer in change).map(([id, layer, words, digits]) => ({ id, cells: [`${flux.toUpperCase()}, ${words}`,
    formatNumber(change[layer], digits, true), layer.endsWith("slope") ? formatPValue(change[`${flux}_p`]) : `± ${formatNumber(data.half_width * change[`${layer}_sd`])}`,
    describeSignificance(change[`${layer}_clear`], change[`${layer}_adjusted`])] })));
  const about = [
    ["forest", type ? `${type.label} (${type.name}), ${formatNumber(100 * values.forest_fraction[year])} % of the cell` : `none in ${calendarYear}`],
    ["missing inputs", `${formatNumber(100 * values.gap_fraction[year], 1)} %`],
    ...("applicable" in values ? [["applicability", describeApplicability(values, year)]] : []),
    ...(isAveraged ? [["size", `mean of the forest in ${blockSide} × ${blockSide} cells of the map`]] : []),
  ];
  const sample = findNearestSample(centre, [...mapData.details.lat.keys()]);
  const explained = findNearestSample(centre, mapData.details.explained.rows);
  const boxes = [makeChartBox("Lines of annual GPP and NEE with their interval"),
    makeChartBox(`Input series in ${data.pair.join(" and ")}; gaps stay open`),
    makeChartBox(REASONS_LABEL)];
  const [reasons, months, compared] = await Promise.all(
    [unpackReasons(mapData.details.reasons, explained.index), prepareMonths(sample), makeComparedTable(cell)]);
  fillPanel(makeElement("h2", {}, `Cell ${formatCoordinates(centre.lat, centre.lon)}`), makeFacts(about),
    makeTable(`Estimate of ${calendarYear}, ${FLUX_UNIT} of forest ground`, ["flux", "estimate", `${levelText} interval`], estimates),
    makeElement("h3", {}, "Annual series"), boxes[0],
    makeTable(`Change, ${FLUX_UNIT}; negative NEE: more uptake`, ["flux", "change", `how sure (${levelText} interval, or p)`, "significant"], changes), ...compared, ...(months ? months.parts : []),
    makeElement("h3", {}, `Inputs in ${data.pair.join(" and ")}`),
    makeNote(`${describeSample(sample, mapData.details.side)} ${GAPS_NOTE}`), boxes[1],
    makeElement("h3", {}, `What drove the estimate of ${mapData.details.explained.year}`),
    makeNote(describeSample(explained, mapData.details.explained.side)), makeElement("p", {}, describeStrongestReasons(reasons)), boxes[2], makeNote(REASONS_NOTE));
  await plotYears(boxes[0], mapData.years, FLUXES.map(({ name: flux, title, colour }) => ({ title, colour, values: values[flux],
    lower: values[`${flux}_lower`], upper: values[`${flux}_upper`] })), [calendarYear]);
  if (months) await months.draw();
  const sets = await Promise.all(data.pair.map((one) => unpackSeries(mapData.details.series[one], sample.row)));
  await plotSeries(boxes[1], sets.map((series, i) => ({ name: String(data.pair[i]), series, colour: [FIRST_YEAR_COLOUR, SECOND_YEAR_COLOUR][i] })));
  await plotReasons(boxes[2], reasons);
}

/** A p value in words. */
const formatPValue = (p) => (p < 0.001 ? "p < 0.001" : `p ${formatNumber(p, 3)}`);

/** Whether a change is more than chance; for a mean over cells, the share of the forest where it is. */
function describeSignificance(clear, adjusted) {
  if (clear === undefined) return "not tested";
  if (isAveraged) return `${formatNumber(100 * clear)} % of forest, adjusted ${formatNumber(100 * adjusted)} %`;
  if (adjusted >= 0.5) return "yes, adjusted too";
  return clear >= 0.5 ? "yes, not adjusted" : "may be chance";
}

/** Whether a cell is inside the area of applicability; for a mean over cells, the share of the forest that is. */
function describeApplicability(values, year) {
  const share = values.applicable[year];
  const words = isAveraged ? `${formatNumber(100 * share)} % of the forest inside`
    : share >= 0.5 ? "inside" : "outside: unlike every training tower";
  return "dissimilarity" in values ? `${words}; dissimilarity ${formatNumber(values.dissimilarity[year], 2)}` : words;
}

/** The site-year to show: that of the wanted year if it has a series, otherwise the last one that has, otherwise the last one. */
function chooseSiteYear(tower, wanted) {
  const usable = tower.years.filter((row) => row.series !== null);
  return usable.find((row) => row.year === wanted) || usable[usable.length - 1] || tower.years[tower.years.length - 1];
}

/** Show the details of a tower, with the series and the estimate of the wanted year where there are any. */
async function showTower(tower, wanted) {
  const siteYear = chooseSiteYear(tower, wanted);
  const type = data.types.find(({ name }) => name === tower.igbp);
  const used = tower.years.filter((row) => row.used).length;
  const about = [["land cover", type ? `${type.label} (${type.name})` : `${tower.igbp}: trains the network, is never scored`],
    ["place", formatCoordinates(tower.lat, tower.lon)],
    ["site-years", `${used} used, ${tower.years.length - used} dropped`],
    ...(tower.holdout ? [["training", "held out of all training"]] : []),
    ...("applicable" in siteYear ? [["applicability", `${siteYear.applicable}; dissimilarity ${formatNumber(siteYear.dissimilarity, 2)} to the towers that trained its fold`]] : [])];
  const isScored = Number.isFinite(siteYear.gpp_pred);
  const rows = TARGET_FLUXES.map((flux) => ({ id: `estimate-${flux}`, cells: [flux.toUpperCase(),
    isScored ? formatNumber(siteYear[`${flux}_pred`]) : "–", isScored ? formatInterval(siteYear[`${flux}_lower`], siteYear[`${flux}_upper`]) : "–",
    formatNumber(siteYear[flux])] }));
  const years = tower.years.map((row) => row.year);
  // Years without a row are null, so that they stay empty on the axis.
  const span = Array.from({ length: years[years.length - 1] - years[0] + 1 }, (_, i) => years[0] + i);
  const takeColumn = (name) => span.map((year) => {
    const row = tower.years.find((other) => other.year === year);
    return row && row[name] !== undefined ? row[name] : null;
  });
  const boxes = [makeChartBox("Annual GPP and NEE at the tower and as estimated, with the interval"),
    makeChartBox(`Input series of ${siteYear.year}; gaps stay open`), makeChartBox(REASONS_LABEL)];
  const explained = data.towers.reasons_of.findIndex((row) => row.site === tower.site);
  const reasons = explained < 0 ? null : await unpackReasons(data.towers.reasons, explained);
  const explanation = reasons === null ? [] : [makeElement("h3", {}, `What drove the estimate of ${data.towers.reasons_of[explained].year}`),
    makeElement("p", {}, describeStrongestReasons(reasons)), boxes[2], makeNote(`Of the tower's last year that is used. ${REASONS_NOTE}`)];
  fillPanel(makeElement("h2", {}, `Tower ${tower.site}`), makeFacts(about),
    makeTable(`${siteYear.year}, ${FLUX_UNIT} of ground; estimate by networks that had not seen this site`,
      ["flux", "estimate", `${levelText} interval`, "at the tower"], rows),
    ...(isScored ? [] : [makeNote(siteYear.used ? "No estimate: not scored in this year." : `No estimate: ${siteYear.reason}.`)]),
    makeElement("h3", {}, "Site-years"), boxes[0], makeNote("Rings are values at the tower; squares with bars are estimates with their intervals."),
    ...(siteYear.series === null ? [] : [makeElement("h3", {}, `Inputs in ${siteYear.year}`), makeNote(GAPS_NOTE), boxes[1]]),
    ...explanation);
  await plotYears(boxes[0], span, FLUXES.map(({ name, title, colour }) => ({ title, colour, values: takeColumn(`${name}_pred`),
    lower: takeColumn(`${name}_lower`), upper: takeColumn(`${name}_upper`), observed: takeColumn(name) })), []);
  if (siteYear.series !== null)
    await plotSeries(boxes[1], [{ name: String(siteYear.year), series: await unpackSeries(data.towers.series, siteYear.series), colour: FIRST_YEAR_COLOUR }]);
  if (reasons !== null) await plotReasons(boxes[2], reasons);
}

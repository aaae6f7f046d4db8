// The page of the report: regions, folded sections, figures at their full size.

const SVG = "http://www.w3.org/2000/svg";
const REGION_COLOURS = { gpp: "#2f8f4e", nee: "#2f7fbf" };
const CHART = { width: 400, height: 170, left: 58, right: 18, top: 22, bottom: 22 };

/** An element of a chart. */
function makeShape(tag, attributes, ...children) {
  const shape = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
  shape.append(...children);
  return shape;
}

/** Round numbers between two ends, about five. */
function chooseSteps(low, high) {
  const least = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= least);
  const steps = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) steps.push(value);
  return { steps, digits: Math.max(0, -Math.floor(Math.log10(step))) };
}

/** The series of a flux with its interval as a band. */
function drawRegionChart(regions, region, flux, label) {
  const { unit, factor } = chooseRegionUnit(region);
  const [values, lower, upper] = ["total_tg", "total_tg_lower", "total_tg_upper"].map((name) =>
    region[flux][name].map((value) => (value === null ? NaN : value * factor)));
  const all = [...values, ...lower, ...upper].filter(Number.isFinite);
  const margin = (Math.max(...all) - Math.min(...all)) * 0.05 || 1;
  const [low, high] = [Math.min(...all) - margin, Math.max(...all) + margin];
  const { years } = regions;
  const span = Math.max(1, years[years.length - 1] - years[0]);
  const toX = (year) => CHART.left + ((year - years[0]) / span) * (CHART.width - CHART.left - CHART.right);
  const toY = (value) => CHART.top + ((high - value) / (high - low)) * (CHART.height - CHART.top - CHART.bottom);
  const chart = makeShape("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: "img",
    "aria-label": `${label} of ${region.name} by year with its interval`, "font-size": 12, fill: "currentColor" });
  const { steps, digits } = chooseSteps(low, high);
  for (const step of steps) {
    chart.append(makeShape("line", { x1: CHART.left, x2: CHART.width - CHART.right, y1: toY(step), y2: toY(step),
      stroke: "currentColor", "stroke-opacity": Math.abs(step) < 1e-9 ? 0.6 : 0.15 }),
      makeShape("text", { x: CHART.left - 6, y: toY(step) + 4, "text-anchor": "end" }, formatNumber(step, digits)));
  }
  years.forEach((year, index) => {
    if (index % Math.ceil(years.length / 5) === 0)
      chart.append(makeShape("text", { x: toX(year), y: CHART.height - 6, "text-anchor": "middle" }, String(year)));
  });
  const known = years.map((_, index) => index).filter((index) => Number.isFinite(values[index]));
  const join = (indices, series) => indices.map((index) => `${toX(years[index])},${toY(series[index])}`).join(" ");
  const banded = known.filter((index) => Number.isFinite(lower[index]));
  chart.append(makeShape("polygon", { points: `${join(banded, upper)} ${join([...banded].reverse(), lower)}`,
    fill: REGION_COLOURS[flux], "fill-opacity": 0.25 }),
    makeShape("polyline", { points: join(known, values), fill: "none", stroke: REGION_COLOURS[flux], "stroke-width": 2.2 }),
    makeShape("text", { x: 4, y: 14 }, `${label} (${unit})`));
  return chart;
}

/** The twelve months of a region in the first and the last year, folded; none of a run without months. */
function makeRegionSeason(regions, region) {
  if (!regions.month_years) return [];
  const years = [...new Set(regions.month_years)];
  const rows = MONTH_NAMES.map((name, month) => ({ id: `region-month-${month + 1}`, cells: [name,
    ...REGION_FLUXES.flatMap(([flux]) => years.map((_, index) => formatNumber(region[flux].months[index][month], 1)))] }));
  const head = ["month", ...REGION_FLUXES.flatMap(([, label]) => years.map((year) => `${label} ${year}`))];
  return [makeElement("details", { id: "region-season" }, makeElement("summary", {}, "Season of the region"),
    makeTable("Mean of the forest, gC m⁻² month⁻¹; negative NEE: uptake by the forest", head, rows),
    makeElement("p", { class: "quiet" }, "The twelve months add up to the year. They have no interval: towers are too few to tell ",
      "how errors of a month go together over a region. All years and regions: ",
      makeElement("a", { href: "months/region_months.csv" }, "region_months.csv"), "."))];
}

/** Show the region and the year that are chosen. */
function showChosenRegion(regions, picker, yearPicker) {
  const region = findRegion(regions, picker.value);
  const index = regions.years.indexOf(Number(yearPicker.value));
  document.getElementById("region-answer").replaceChildren(
    makeElement("p", {}, describeRegionForest(region, index)), makeRegionYearTable(regions, region, index),
    makeElement("div", { class: "charts" }, ...REGION_FLUXES.map(([flux, label]) => drawRegionChart(regions, region, flux, label))),
    makeElement("p", { class: "quiet" }, `Bands and brackets are ${describeLevel(regions)} intervals of the errors at towers never seen.`),
    makeRegionChangeTable(regions, region), ...makeRegionSeason(regions, region), makeRegionLinks(regions, region));
}

/** Fold all but the start of the answer on a narrow page; a wide one shows it all. */
function foldAnswer() {
  const narrow = window.matchMedia("(max-width: 40rem)");
  const fold = () => document.querySelectorAll("details.rest").forEach((part) => { part.open = !narrow.matches; });
  narrow.addEventListener("change", fold);
  fold();
}

/** Open the folded section of an address, with all that is around it. */
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  target.scrollIntoView();
}

/** Open a figure alone, from the page itself, so that it works where the page was sent without its folder. */
function openFigure(event) {
  event.preventDefault();
  const text = atob(event.currentTarget.querySelector("img").src.split(",")[1]);
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  window.open(URL.createObjectURL(new Blob([bytes], { type: "image/png" })), "_blank");
}

foldAnswer();
const stored = document.getElementById("region-data");
if (stored) {
  const regions = JSON.parse(stored.textContent);
  const picker = document.getElementById("region");
  const yearPicker = document.getElementById("region-year");
  fillRegionPicker(picker, regions);
  for (const year of regions.years) yearPicker.append(makeElement("option", {}, String(year)));
  yearPicker.value = String(regions.pair[1]);
  const show = () => showChosenRegion(regions, picker, yearPicker);
  for (const list of [picker, yearPicker]) list.addEventListener("change", show);
  show();
}
for (const link of document.querySelectorAll("a.full")) link.addEventListener("click", openFigure);
for (const link of document.querySelectorAll('nav a, a[href^="#"]:not(.full)')) link.addEventListener("click", () => setTimeout(openTarget));
window.addEventListener("hashchange", openTarget);
window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
openTarget();

// What report and explorer share: numbers in words, elements, tables, and regions.

const MONTH_NAMES = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December"];

/** A number as readers see it, with a true minus. */
function formatNumber(value, digits = 0, plus = false) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const rounded = Number(value.toFixed(digits)) || 0; // `|| 0` turns -0 into 0
  const text = Math.abs(rounded).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return (rounded < 0 ? "−" : plus && rounded > 0 ? "+" : "") + text;
}

/** An element with attributes, and with texts and elements in it. */
function makeElement(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A table; each row has an `id` and `cells`, whose first one is its head; the number stands in column `main`. */
function makeTable(caption, head, rows, main = 1) {
  const makeCell = (value, column) => (column === 0 ? makeElement("th", { scope: "row" }, value)
    : makeElement("td", column === main ? { class: "strong" } : {}, value));
  return makeElement("table", {}, makeElement("caption", {}, caption),
    makeElement("thead", {}, makeElement("tr", {}, ...head.map((name) => makeElement("th", { scope: "col" }, name)))),
    makeElement("tbody", {}, ...rows.map(({ id, cells }) => makeElement("tr", id ? { id } : {}, ...cells.map(makeCell)))));
}

/** An interval in words, a dash where it is not known. */
const formatInterval = (lower, upper, digits) =>
  Number.isFinite(lower) && Number.isFinite(upper) ? `${formatNumber(lower, digits)} to ${formatNumber(upper, digits)}` : "–";

// Regions of the tables. `regions` is what forestflux.pages.region_records makes, `region` one of its records.
const REGION_FLUXES = [["gpp", "GPP"], ["nee", "NEE"]];

/** Name under which a page keeps a region: kinds may share names. */
const nameRegion = (group, region) => `${group.kind}: ${region.name}`;

/** The region of a name that `nameRegion` gave, or null. */
function findRegion(regions, name) {
  for (const group of regions.groups) {
    const region = group.regions.find((one) => nameRegion(group, one) === name);
    if (region) return { ...region, title: nameRegion(group, region), label: group.label, definition: group.definition };
  }
  return null;
}

/** Offer every region in a list, by kind. */
function fillRegionPicker(picker, regions) {
  for (const group of regions.groups) {
    const part = makeElement("optgroup", { label: group.kind });
    for (const region of group.regions) {
      const code = region.code || group.label ? ` (${region.code || group.label})` : "";
      part.append(makeElement("option", { value: nameRegion(group, region) }, `${region.name}${code}`));
    }
    picker.append(part);
  }
}

/** Unit of the totals of a region: the largest of which its GPP has one or more. */
function chooseRegionUnit(region) {
  const largest = Math.max(...region.gpp.total_tg.map(Math.abs));
  const [mass, factor] = largest >= 1000 ? ["PgC", 0.001] : largest >= 1 ? ["TgC", 1] : ["GgC", 1000];
  return { unit: `${mass} yr⁻¹`, slope: `${mass} yr⁻²`, factor };
}

/** Decimals that show three digits of the largest of some numbers. */
function chooseDigits(values) {
  const largest = Math.max(...values.filter(Number.isFinite).map(Math.abs), 0);
  return largest > 0 ? Math.max(0, 2 - Math.floor(Math.log10(largest))) : 0;
}

/** A number and its interval in words. */
function describeBounds(value, lower, upper, factor, plus = false) {
  const numbers = [value, lower, upper].map((one) => (one === null ? NaN : one * factor));
  const digits = chooseDigits(numbers);
  return [formatNumber(numbers[0], digits, plus), formatInterval(numbers[1], numbers[2], digits)];
}

/** Interval of the whole in words, such as 90 %. */
const describeLevel = (regions) => `${Math.round(100 * regions.level)} %`;

/** Totals and means of a region in a year, as a table. */
function makeRegionYearTable(regions, region, index) {
  const { unit, factor } = chooseRegionUnit(region);
  const rows = REGION_FLUXES.map(([flux, label]) => {
    const own = region[flux];
    return { id: `region-${flux}`, cells: [label,
      ...describeBounds(own.total_tg[index], own.total_tg_lower[index], own.total_tg_upper[index], factor), formatNumber(own.mean[index])] };
  });
  return makeTable(`${regions.years[index]}, ${unit}; negative NEE: uptake by the forest`,
    ["flux", "total", `${describeLevel(regions)} interval`, "mean, gC m⁻² yr⁻¹ of forest"], rows);
}

/** Change and trend of a region, as a table. */
function makeRegionChangeTable(regions, region) {
  const { unit, slope, factor } = chooseRegionUnit(region);
  const judge = (p) => (p === null ? "not tested" : p <= 0.05 ? "more than chance" : "may be chance");
  const rows = REGION_FLUXES.flatMap(([flux, label]) => {
    const own = region[flux];
    return [
      { id: `region-change-${flux}`, cells: [`${label} change`, judge(own.change_p_adjusted),
        ...describeBounds(own.change_tg, own.change_tg_lower, own.change_tg_upper, factor, true)] },
      { id: `region-slope-${flux}`, cells: [`${label} trend`, judge(own.slope_p_adjusted),
        ...describeBounds(own.slope, own.slope_lower, own.slope_upper, factor * 1000, true)] },
    ];
  });
  return makeTable(`Change, ${regions.pair[1]} minus ${regions.pair[0]} (${unit}), and trend (${slope}); negative NEE: more uptake`,
    ["flux", "test (5 %, adjusted)", "change", `${describeLevel(regions)} interval of its error`], rows, 2);
}

/** Forest of a region in a year, in words. */
function describeRegionForest(region, index) {
  const inside = region.applicable[index];
  const share = inside === null ? "" : `; ${formatNumber(100 * inside)} % of it is inside the area of applicability`;
  const area = region.area[index] * 1e-10;
  return `${formatNumber(area, chooseDigits([area]))} million hectares of forest${share}. ${region.definition}`;
}

/** The series of a region as a table in a file. */
function makeRegionCsv(regions, region) {
  const columns = ["total_tg", "total_tg_lower", "total_tg_upper", "mean"];
  const head = ["year", "area", "applicable", ...REGION_FLUXES.flatMap(([flux]) => columns.map((name) => `${flux}_${name}`))];
  const show = (value) => (value === null ? "" : String(value));
  const lines = regions.years.map((year, index) => [year, show(region.area[index]), show(region.applicable[index]),
    ...REGION_FLUXES.flatMap(([flux]) => columns.map((name) => show(region[flux][name][index])))].join(","));
  return `${[head.join(","), ...lines].join("\n")}\n`;
}

/** Links to the series of a region and to the tables of all. */
function makeRegionLinks(regions, region) {
  const file = URL.createObjectURL(new Blob([makeRegionCsv(regions, region)], { type: "text/csv" }));
  const name = `forestflux_${(region.code || region.name).replace(/[^A-Za-z0-9]+/g, "_")}.csv`;
  const left = regions.left_out ? ` ${regions.left_out} smaller regions are in the tables only.` : "";
  return makeElement("p", { class: "quiet" }, makeElement("a", { href: file, download: name, id: "region-csv" }, "This region as CSV"),
    " · all regions: ", makeElement("a", { href: "change/regions.csv" }, "regions.csv"), ", ",
    makeElement("a", { href: "change/region_changes.csv" }, "region_changes.csv"), `.${left}`);
}

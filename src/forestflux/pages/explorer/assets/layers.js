// What the map can show: values by cell, unit, colours and words of each layer.

const FLUX_UNIT = "gC m⁻² yr⁻¹";
const SLOPE_UNIT = "gC m⁻² yr⁻²";
const UPTAKE = "Negative: uptake by the forest.";
const world = data.map;
const pairName = `${data.pair[1]} minus ${data.pair[0]}`;
const percent = `${Math.round(100 * data.level)} %`;

/** A layer of every year, flat; NEE is RECO - GPP. */
async function everyYear(name) {
  if (name !== "nee") return numbers(world.annual[name]);
  const [gpp, reco] = await Promise.all([everyYear("gpp"), everyYear("reco")]);
  return keep(world.annual, () => reco.map((value, at) => value - gpp[at]));
}

const annual = (name) => ({ year: true, read: async (year) => cut(await everyYear(name), year) });
const width = (flux) => ({
  year: true,
  read: async (year) => {
    const [below, above] = await Promise.all(
      ["below", "above"].map(async (way) => cut(await everyYear(`${flux}_${way}`), year)),
    );
    return below.map((value, cell) => value + above[cell]);
  },
});
const change = (name) => ({ year: false, read: () => numbers(world.change[name]) });
/** A change, with the layer that says where it is more than chance. */
const changed = (name) => ({ ...change(name), clear: `${name}_clear` });
/** Sign of a change that passes its test, twice the sign where it passes with false discoveries held; else 0. */
const significant = (name) => ({
  year: false,
  read: async () => {
    const [values, clear, adjusted] = await Promise.all(["", "_clear", "_adjusted"].map((end) => numbers(world.change[name + end])));
    return values.map((value, cell) => (Number.isNaN(value) ? NaN
      : clear[cell] < 0.5 && adjusted[cell] < 0.5 ? 0 : Math.sign(value) * (adjusted[cell] >= 0.5 ? 2 : 1)));
  },
});
const windowName = world && world.windows.length === 2
  ? world.windows.map(([first, last]) => `${first}–${last}`).reverse().join(" minus ") : "";
const CLASSES = (less, more) => [
  { label: `${less}, adjusted too`, colour: "#6b1d0b", test: (v) => v === -2 },
  { label: less, colour: "#d08a5c", test: (v) => v === -1 },
  { label: "may be chance", colour: "#e8d8a8", test: (v) => v === 0 },
  { label: more, colour: "#6f9fc0", test: (v) => v === 1 },
  { label: `${more}, adjusted too`, colour: "#0a3a63", test: (v) => v === 2 },
];
/** For NEE a rise is less uptake: its classes run the other way, so that uptake stays blue. */
const uptakeFirst = (classes) => classes.map((c, at) => ({ ...c, colour: classes[classes.length - 1 - at].colour }));
const BY_ITSELF = "Each cell by itself, one in twenty passes by chance; adjusted: with false discoveries held.";

const LAYERS = {
  gpp: { group: "Fluxes of a year", label: "GPP", unit: FLUX_UNIT, palette: "gpp", kind: "from zero", ...annual("gpp"),
    note: "Gross primary production: carbon taken up by photosynthesis, per m² of forest ground." },
  nee: { group: "Fluxes of a year", label: "NEE", unit: FLUX_UNIT, palette: "nee", kind: "centred", ...annual("nee"),
    note: `${UPTAKE} Net ecosystem exchange, NEE = RECO − GPP, per m² of forest ground.` },
  reco: { group: "Fluxes of a year", label: "RECO", unit: FLUX_UNIT, palette: "reco", kind: "from zero", ...annual("reco"),
    note: "Ecosystem respiration: carbon given back to the air, per m² of forest ground." },
  gpp_width: { group: "How sure", label: `GPP, width of the ${percent} interval`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...width("gpp"), note: "Of single cells, calibrated at towers that the network had not seen." },
  nee_width: { group: "How sure", label: `NEE, width of the ${percent} interval`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...width("nee"), note: "Of single cells, calibrated at towers that the network had not seen." },
  gap_fraction: { group: "How sure", label: "Missing share of the inputs", unit: "%", factor: 100, palette: "share",
    kind: "from zero", ...annual("gap_fraction"), note: "Clouds, snow, polar night and the like; nothing is filled." },
  applicable: { group: "How sure", label: "Applicability", unit: "%", factor: 100, classes: [
    { label: "outside: unlike every training tower", colour: "#c7672b", test: (v) => v < 50 },
    { label: "inside", colour: "#2c6e63", test: (v) => v >= 50 }], ...annual("applicable"),
    note: "Whether the cell's inputs resemble those of a tower that trained the network. Outside, the interval promises too much." },
  dissimilarity: { group: "How sure", label: "Dissimilarity to the towers", unit: "1", digits: 2, palette: "distance",
    kind: "from zero", ...annual("dissimilarity"), note: "Weighted distance to the nearest site-year that trained the network; 1 is the mean distance between those." },
  gpp_difference: { group: "Change", label: `GPP, ${pairName}`, unit: FLUX_UNIT, palette: "gain", kind: "centred",
    ...changed("gpp_difference"), note: "Blue: more uptake. Two single years differ mostly by weather." },
  nee_difference: { group: "Change", label: `NEE, ${pairName}`, unit: FLUX_UNIT, palette: "nee", kind: "centred",
    ...changed("nee_difference"), note: "Negative, blue: more uptake. Two single years differ mostly by weather." },
  gpp_window_difference: { group: "Change", label: `GPP, mean of ${windowName}`, unit: FLUX_UNIT, palette: "gain", kind: "centred",
    ...changed("gpp_window_difference"), note: "Blue: more uptake. Means of several years: less weather than in a pair." },
  nee_window_difference: { group: "Change", label: `NEE, mean of ${windowName}`, unit: FLUX_UNIT, palette: "nee", kind: "centred",
    ...changed("nee_window_difference"), note: "Negative, blue: more uptake. Means of several years: less weather than in a pair." },
  gpp_slope: { group: "Change", label: `GPP, slope of the series`, unit: SLOPE_UNIT, digits: 1, palette: "gain", kind: "centred",
    ...changed("gpp_slope"), note: "Blue: more uptake. Theil-Sen slope of the annual series." },
  nee_slope: { group: "Change", label: `NEE, slope of the series`, unit: SLOPE_UNIT, digits: 1, palette: "nee", kind: "centred",
    ...changed("nee_slope"), note: "Negative, blue: more uptake. Theil-Sen slope of the annual series." },
  gpp_difference_sd: { group: "Uncertainty of the change", label: `GPP, uncertainty of ${pairName}`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...change("gpp_difference_sd"), note: "Standard deviation: members of the ensemble and interannual variability." },
  nee_difference_sd: { group: "Uncertainty of the change", label: `NEE, uncertainty of ${pairName}`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...change("nee_difference_sd"), note: "Standard deviation: members of the ensemble and interannual variability." },
  gpp_window_difference_sd: { group: "Uncertainty of the change", label: `GPP, uncertainty of ${windowName}`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...change("gpp_window_difference_sd"), note: "Standard deviation: members of the ensemble and interannual variability." },
  nee_window_difference_sd: { group: "Uncertainty of the change", label: `NEE, uncertainty of ${windowName}`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...change("nee_window_difference_sd"), note: "Standard deviation: members of the ensemble and interannual variability." },
  gpp_difference_significance: { group: "Significance of the change", label: `GPP, significance of ${pairName}`, unit: "", classes: CLASSES("less GPP", "more GPP"),
    ...significant("gpp_difference"), note: `The difference against its standard deviation. ${BY_ITSELF}` },
  nee_difference_significance: { group: "Significance of the change", label: `NEE, significance of ${pairName}`, unit: "", classes: uptakeFirst(CLASSES("more uptake", "less uptake")),
    ...significant("nee_difference"), note: `The difference against its standard deviation. ${BY_ITSELF}` },
  gpp_window_difference_significance: { group: "Significance of the change", label: `GPP, significance of ${windowName}`, unit: "", classes: CLASSES("less GPP", "more GPP"),
    ...significant("gpp_window_difference"), note: `Means of the windows against their spread. ${BY_ITSELF}` },
  nee_window_difference_significance: { group: "Significance of the change", label: `NEE, significance of ${windowName}`, unit: "", classes: uptakeFirst(CLASSES("more uptake", "less uptake")),
    ...significant("nee_window_difference"), note: `Means of the windows against their spread. ${BY_ITSELF}` },
  gpp_slope_significance: { group: "Significance of the change", label: `GPP, significance of the slope`, unit: "", classes: CLASSES("less GPP", "more GPP"),
    ...significant("gpp_slope"), note: `Mann-Kendall test with autocorrelation handled. ${BY_ITSELF}` },
  nee_slope_significance: { group: "Significance of the change", label: `NEE, significance of the slope`, unit: "", classes: uptakeFirst(CLASSES("more uptake", "less uptake")),
    ...significant("nee_slope"), note: `Mann-Kendall test with autocorrelation handled. ${BY_ITSELF}` },
};

/** One year of an annual array. */
function cut(values, year) {
  const count = values.length / world.years.length;
  return values.subarray(year * count, (year + 1) * count);
}

/** Whether this run has a layer: years may be too few for windows. */
function has(name) {
  if (world === null || !(name in LAYERS)) return false;
  if (name.endsWith("_width") || name === "nee" || name in world.annual) return true;
  return name.replace("_significance", "") in world.change;
}

/** Ends of a layer's colours, the same in every year: the highest and lowest 2 % of cells share the last colour. */
async function scaleOf(layer) {
  if (layer.scale) return layer.scale;
  const years = layer.year ? [...world.years.keys()] : [0];
  const parts = await Promise.all(years.map((year) => layer.read(year)));
  const apart = Math.ceil((parts.length * parts[0].length) / 60000); // enough of them for two quantiles
  const picked = parts.flatMap((part) => Array.from(part.filter((v, cell) => cell % apart === 0 && Number.isFinite(v))));
  const every = Float64Array.from(picked).sort();
  const at = (share) => every[Math.min(every.length - 1, Math.floor(share * every.length))] * (layer.factor || 1);
  const far = Math.max(Math.abs(at(0.02)), Math.abs(at(0.98))) || 1;
  layer.scale = layer.kind === "centred" ? [-far, far] : [0, far];
  return layer.scale;
}

/** Colours of a palette as red, green, blue. */
function paletteOf(name) {
  const text = data.palettes[name];
  return Array.from({ length: 256 }, (_, i) => [0, 2, 4].map((at) => parseInt(text.substr(6 * i + at, 2), 16)));
}

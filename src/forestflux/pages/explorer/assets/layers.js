// What the map can show: values by cell, unit, colours and words of each layer.

const FLUX_UNIT = "gC m⁻² yr⁻¹";
const SLOPE_UNIT = "gC m⁻² yr⁻²";
const UPTAKE = "Negative: uptake by the forest.";
const mapData = data.map; // null for a run of towers alone
const pairLabel = `${data.pair[1]} minus ${data.pair[0]}`;
const levelText = `${Math.round(100 * data.level)} %`;
const SIGNIFICANCE_NOTE = "Each cell is tested by itself, so one in twenty passes by chance; adjusted: the false discovery rate is limited.";
const SD_NOTE = "Standard deviation from the members of the ensemble and from interannual variability.";
const WIDTH_NOTE = "Interval of a single cell, calibrated at towers that the network had not seen.";
const windowLabel = mapData && mapData.windows.length === 2
  ? mapData.windows.map(([first, last]) => `${first}–${last}`).reverse().join(" minus ") : "";
// Map cells along a side of a displayed cell; with more than one the page shows their means.
const blockSide = mapData && mapData.resolution / mapData.map_resolution;
const isAveraged = mapData && mapData.resolution !== mapData.map_resolution;

/** An annual layer of all years of a source, flat; NEE is RECO - GPP. */
async function readAllYears(name, source = mapData) {
  if (name !== "nee") return unpackNumbers(source.annual[name]);
  const [gpp, reco] = await Promise.all([readAllYears("gpp", source), readAllYears("reco", source)]);
  return computeOnce(source.annual, () => reco.map((value, index) => value - gpp[index]));
}

// What the entries of LAYERS share: whether a layer is annual, whether a source has it, and how its values by cell are
// read. A source is the map of the page, or a square of finer cells in the same form.
const makeAnnualLayer = (name) => ({ annual: true, isIn: (source) => "annual" in source,
  read: async (year, source = mapData) => takeYear(await readAllYears(name, source), year, source) });
const makeWidthLayer = (flux) => ({
  annual: true,
  isIn: (source) => "annual" in source,
  read: async (year, source = mapData) => {
    const [below, above] = await Promise.all(
      ["below", "above"].map(async (side) => takeYear(await readAllYears(`${flux}_${side}`, source), year, source)),
    );
    return below.map((value, cell) => value + above[cell]);
  },
});
const makeChangeLayer = (name) => ({ annual: false, isIn: (source) => name in (source.change || {}),
  read: (year, source = mapData) => unpackNumbers(source.change[name]) });

/** A change, with the name of the layer that says where it is more than chance. */
const makeTestedLayer = (name) => ({ ...makeChangeLayer(name), clear: `${name}_clear` });

/** Sign of a change that passes its test, twice the sign where it also passes the adjusted one; otherwise 0. */
const makeSignificanceLayer = (name) => ({
  annual: false,
  isIn: (source) => `${name}_clear` in (source.change || {}),
  read: async (year, source = mapData) => {
    const [values, clear, adjusted] = await Promise.all(
      ["", "_clear", "_adjusted"].map((suffix) => unpackNumbers(source.change[name + suffix])),
    );
    return values.map((value, cell) => (Number.isNaN(value) ? NaN
      : clear[cell] < 0.5 && adjusted[cell] < 0.5 ? 0 : Math.sign(value) * (adjusted[cell] >= 0.5 ? 2 : 1)));
  },
});

/** Classes of a layer of significance, for a change to less and to more of something. */
const makeSignificanceClasses = (less, more) => [
  { label: `${less}, adjusted too`, colour: "#6b1d0b", test: (value) => value === -2 },
  { label: less, colour: "#d08a5c", test: (value) => value === -1 },
  { label: "may be chance", colour: "#e8d8a8", test: (value) => value === 0 },
  { label: more, colour: "#6f9fc0", test: (value) => value === 1 },
  { label: `${more}, adjusted too`, colour: "#0a3a63", test: (value) => value === 2 },
];

/** Classes with their colours in reverse order: a rise of NEE is less uptake, and more uptake shall stay blue. */
const reverseColours = (classes) => classes.map((one, index) => ({ ...one, colour: classes[classes.length - 1 - index].colour }));

const LAYERS = {
  gpp: { group: "Fluxes of a year", label: "GPP", unit: FLUX_UNIT, palette: "gpp", kind: "from zero", ...makeAnnualLayer("gpp"),
    note: "Gross primary production: carbon taken up by photosynthesis, per m² of forest ground." },
  nee: { group: "Fluxes of a year", label: "NEE", unit: FLUX_UNIT, palette: "nee", kind: "centred", ...makeAnnualLayer("nee"),
    note: `${UPTAKE} Net ecosystem exchange, NEE = RECO − GPP, per m² of forest ground.` },
  reco: { group: "Fluxes of a year", label: "RECO", unit: FLUX_UNIT, palette: "reco", kind: "from zero", ...makeAnnualLayer("reco"),
    note: "Ecosystem respiration: carbon given back to the air, per m² of forest ground." },
  gpp_width: { group: "How sure", label: `GPP, width of the ${levelText} interval`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...makeWidthLayer("gpp"), note: WIDTH_NOTE },
  nee_width: { group: "How sure", label: `NEE, width of the ${levelText} interval`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...makeWidthLayer("nee"), note: WIDTH_NOTE },
  gap_fraction: { group: "How sure", label: "Missing share of the inputs", unit: "%", factor: 100, palette: "share",
    kind: "from zero", ...makeAnnualLayer("gap_fraction"), note: "Clouds, snow, polar night and the like; nothing is filled." },
  applicable: { group: "How sure", label: "Applicability", unit: "%", factor: 100, classes: [
    { label: "outside: unlike every training tower", colour: "#c7672b", test: (value) => value < 50 },
    { label: "inside", colour: "#2c6e63", test: (value) => value >= 50 }], ...makeAnnualLayer("applicable"),
    note: "Whether the cell's inputs resemble those of a tower that trained the network. Outside, the interval may be too narrow." },
  dissimilarity: { group: "How sure", label: "Dissimilarity to the towers", unit: "1", digits: 2, palette: "distance",
    kind: "from zero", ...makeAnnualLayer("dissimilarity"), note: "Weighted distance to the nearest site-year that trained the network; 1 is the mean distance between such site-years." },
  gpp_difference: { group: "Change", label: `GPP, ${pairLabel}`, unit: FLUX_UNIT, palette: "gain", kind: "centred",
    ...makeTestedLayer("gpp_difference"), note: "Blue: more uptake. Two single years differ mostly by weather." },
  nee_difference: { group: "Change", label: `NEE, ${pairLabel}`, unit: FLUX_UNIT, palette: "nee", kind: "centred",
    ...makeTestedLayer("nee_difference"), note: "Negative, blue: more uptake. Two single years differ mostly by weather." },
  gpp_window_difference: { group: "Change", label: `GPP, mean of ${windowLabel}`, unit: FLUX_UNIT, palette: "gain", kind: "centred",
    ...makeTestedLayer("gpp_window_difference"), note: "Blue: more uptake. Means of several years: less weather than in a pair." },
  nee_window_difference: { group: "Change", label: `NEE, mean of ${windowLabel}`, unit: FLUX_UNIT, palette: "nee", kind: "centred",
    ...makeTestedLayer("nee_window_difference"), note: "Negative, blue: more uptake. Means of several years: less weather than in a pair." },
  gpp_slope: { group: "Change", label: "GPP, slope of the series", unit: SLOPE_UNIT, digits: 1, palette: "gain", kind: "centred",
    ...makeTestedLayer("gpp_slope"), note: "Blue: more uptake. Theil-Sen slope of the annual series." },
  nee_slope: { group: "Change", label: "NEE, slope of the series", unit: SLOPE_UNIT, digits: 1, palette: "nee", kind: "centred",
    ...makeTestedLayer("nee_slope"), note: "Negative, blue: more uptake. Theil-Sen slope of the annual series." },
  gpp_difference_sd: { group: "Uncertainty of the change", label: `GPP, uncertainty of ${pairLabel}`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...makeChangeLayer("gpp_difference_sd"), note: SD_NOTE },
  nee_difference_sd: { group: "Uncertainty of the change", label: `NEE, uncertainty of ${pairLabel}`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...makeChangeLayer("nee_difference_sd"), note: SD_NOTE },
  gpp_window_difference_sd: { group: "Uncertainty of the change", label: `GPP, uncertainty of ${windowLabel}`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...makeChangeLayer("gpp_window_difference_sd"), note: SD_NOTE },
  nee_window_difference_sd: { group: "Uncertainty of the change", label: `NEE, uncertainty of ${windowLabel}`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...makeChangeLayer("nee_window_difference_sd"), note: SD_NOTE },
  gpp_difference_significance: { group: "Significance of the change", label: `GPP, significance of ${pairLabel}`, unit: "",
    classes: makeSignificanceClasses("less GPP", "more GPP"),
    ...makeSignificanceLayer("gpp_difference"), note: `The difference against its standard deviation. ${SIGNIFICANCE_NOTE}` },
  nee_difference_significance: { group: "Significance of the change", label: `NEE, significance of ${pairLabel}`, unit: "",
    classes: reverseColours(makeSignificanceClasses("more uptake", "less uptake")),
    ...makeSignificanceLayer("nee_difference"), note: `The difference against its standard deviation. ${SIGNIFICANCE_NOTE}` },
  gpp_window_difference_significance: { group: "Significance of the change", label: `GPP, significance of ${windowLabel}`, unit: "",
    classes: makeSignificanceClasses("less GPP", "more GPP"),
    ...makeSignificanceLayer("gpp_window_difference"), note: `Means of the windows against their spread. ${SIGNIFICANCE_NOTE}` },
  nee_window_difference_significance: { group: "Significance of the change", label: `NEE, significance of ${windowLabel}`, unit: "",
    classes: reverseColours(makeSignificanceClasses("more uptake", "less uptake")),
    ...makeSignificanceLayer("nee_window_difference"), note: `Means of the windows against their spread. ${SIGNIFICANCE_NOTE}` },
  gpp_slope_significance: { group: "Significance of the change", label: "GPP, significance of the slope", unit: "",
    classes: makeSignificanceClasses("less GPP", "more GPP"),
    ...makeSignificanceLayer("gpp_slope"), note: `Mann-Kendall test with autocorrelation handled. ${SIGNIFICANCE_NOTE}` },
  nee_slope_significance: { group: "Significance of the change", label: "NEE, significance of the slope", unit: "",
    classes: reverseColours(makeSignificanceClasses("more uptake", "less uptake")),
    ...makeSignificanceLayer("nee_slope"), note: `Mann-Kendall test with autocorrelation handled. ${SIGNIFICANCE_NOTE}` },
};

/** Layers of a compared product, by name: its mean, and that of the run minus it, over their common years. */
function makeComparedLayers(product) {
  const span = product.years.join("–");
  const flux = product.flux.toUpperCase();
  const shared = { group: "Beside other products", unit: FLUX_UNIT, annual: false, compared: true, span, isIn: (source) => source === mapData };
  const sign = product.flux === "nee" ? `${UPTAKE} ` : "";
  return {
    [`product ${product.name}`]: { ...shared, isMean: true, label: `${flux} of ${product.title}`, palette: product.flux,
      kind: product.flux === "nee" ? "centred" : "from zero", read: () => unpackNumbers(product.product),
      note: `${sign}Mean of ${span}, where the run and the product have forest. The product is no truth.` },
    [`difference ${product.name}`]: { ...shared, label: `${flux}, run minus ${product.title}`, kind: "centred",
      palette: product.flux === "nee" ? "nee" : "gain", read: () => unpackNumbers(product.difference),
      note: `Means of ${span}. Blue: the run has more uptake${product.flux === "reco" ? " or respiration" : ""}. A difference does not say who is right.` },
  };
}
for (const product of mapData ? mapData.compared : []) Object.assign(LAYERS, makeComparedLayers(product));

/** The values of one year, by its index, from those of all years of a source. */
function takeYear(values, year, source = mapData) {
  const count = values.length / source.years.length;
  return values.subarray(year * count, (year + 1) * count);
}

/** Whether this run has a layer: a run of few years has no windows and no slopes. */
function hasLayer(name) {
  if (mapData === null || !(name in LAYERS)) return false;
  if (LAYERS[name].compared || name.endsWith("_width") || name === "nee" || name in mapData.annual) return true;
  // A change without a known spread, as of a single member or of few years, has no test.
  const change = name.replace("_significance", "");
  return (name === change ? change : `${change}_clear`) in mapData.change;
}

/** Whether a layer is a change that is tested against chance. */
const isTested = (layer) => Boolean(layer.clear) && layer.clear in mapData.change;

/**
 * Values of a layer at the ends of its colours, the same in every year; cells beyond them take the last colour.
 * A flux that differs little, as in a small region, is `close`: its colours span what there is, without zero.
 */
async function findColourRange(layer) {
  if (layer.range) return layer.range;
  const years = layer.annual ? [...mapData.years.keys()] : [0];
  const parts = await Promise.all(years.map((year) => layer.read(year)));
  const apart = Math.ceil((parts.length * parts[0].length) / 60000); // 60,000 values are enough for two quantiles
  const picked = parts.flatMap((part) => Array.from(part.filter((value, cell) => cell % apart === 0 && Number.isFinite(value))));
  const sorted = Float64Array.from(picked).sort();
  const findQuantile = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] * (layer.factor || 1);
  const ends = [findQuantile(0.02), findQuantile(0.98)];
  const [smallest, largest] = ends.map(Math.abs).sort((a, b) => a - b);
  const isLevel = layer.group === "Fluxes of a year" || Boolean(layer.isMean);
  layer.close = isLevel && ends[0] * ends[1] > 0 && smallest > largest / 2 && smallest < largest;
  const most = largest || 1;
  layer.range = layer.close ? ends : layer.kind === "centred" ? [-most, most] : [0, most];
  return layer.range;
}

/** A colour as [red, green, blue] from six hexadecimal digits of a text. */
function decodeColour(text, start) {
  return [0, 2, 4].map((offset) => parseInt(text.substr(start + offset, 2), 16));
}

/** A colour as a change has it that may be chance: mixed with white. */
const makePale = (colour) => colour.map((part) => Math.round(part + data.paleness * (255 - part)));

/** The 256 colours of a layer whose range is known; those of one sign where it is close and of one. */
function chooseColours(layer) {
  const colours = decodePalette(layer.palette);
  if (!layer.close || layer.kind !== "centred") return colours;
  return colours.map((_, i) => colours[(layer.range[1] < 0 ? 0 : 128) + Math.floor(i / 2)]);
}

/** The 256 colours of a palette as [red, green, blue]. */
function decodePalette(name) {
  return Array.from({ length: 256 }, (_, i) => decodeColour(data.palettes[name], 6 * i));
}

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
const weak = (name) => ({ ...change(name), clear: name.replace("difference", "significant").replace("slope", "trend") });
/** −1 less, 0 may be chance, 1 more: the sign of the change where most of the forest passes its test. */
const significant = (flux, part, clear) => ({
  year: false,
  read: async () => {
    const [values, share] = await Promise.all([part, clear].map((n) => numbers(world.change[`${flux}_${n}`])));
    return values.map((value, cell) => (Number.isNaN(value) ? NaN : share[cell] >= 0.5 ? Math.sign(value) : 0));
  },
});
const CHANCE = ["#6b1d0b", "#e8d8a8", "#0a3a63"]; // less, may be chance, more

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
    kind: "from zero", ...annual("dissimilarity"), note: "Weighted distance to the nearest training tower; 1 is the mean distance between towers." },
  gpp_difference: { group: "Change", label: `GPP, ${pairName}`, unit: FLUX_UNIT, palette: "gain", kind: "centred",
    ...weak("gpp_difference"), note: "Blue: more uptake. Two single years differ mostly by weather." },
  nee_difference: { group: "Change", label: `NEE, ${pairName}`, unit: FLUX_UNIT, palette: "nee", kind: "centred",
    ...weak("nee_difference"), note: "Negative, blue: more uptake. Two single years differ mostly by weather." },
  gpp_difference_sd: { group: "Change", label: `GPP, uncertainty of ${pairName}`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...change("gpp_difference_sd"), note: "Standard deviation: members of the ensemble and interannual variability." },
  nee_difference_sd: { group: "Change", label: `NEE, uncertainty of ${pairName}`, unit: FLUX_UNIT, palette: "width",
    kind: "from zero", ...change("nee_difference_sd"), note: "Standard deviation: members of the ensemble and interannual variability." },
  gpp_slope: { group: "Change", label: "GPP, slope of the series", unit: SLOPE_UNIT, digits: 1, palette: "gain", kind: "centred",
    ...weak("gpp_slope"), note: "Theil-Sen slope of the annual series. Blue: more uptake." },
  nee_slope: { group: "Change", label: "NEE, slope of the series", unit: SLOPE_UNIT, digits: 1, palette: "nee", kind: "centred",
    ...weak("nee_slope"), note: "Theil-Sen slope of the annual series. Negative, blue: more uptake." },
  gpp_significant: { group: "Change", label: `GPP, significance of ${pairName}`, unit: "", classes: [
    { label: "less GPP", colour: CHANCE[0], test: (v) => v < 0 }, { label: "may be chance", colour: CHANCE[1], test: (v) => v === 0 },
    { label: "more GPP", colour: CHANCE[2], test: (v) => v > 0 }], ...significant("gpp", "difference", "significant"),
    note: "Beyond 1.96 standard deviations, each cell by itself: one in twenty passes by chance." },
  nee_significant: { group: "Change", label: `NEE, significance of ${pairName}`, unit: "", classes: [
    { label: "more uptake", colour: CHANCE[2], test: (v) => v < 0 }, { label: "may be chance", colour: CHANCE[1], test: (v) => v === 0 },
    { label: "less uptake", colour: CHANCE[0], test: (v) => v > 0 }], ...significant("nee", "difference", "significant"),
    note: "Beyond 1.96 standard deviations, each cell by itself: one in twenty passes by chance." },
  gpp_trend: { group: "Change", label: "GPP, significance of the slope", unit: "", classes: [
    { label: "falling", colour: CHANCE[0], test: (v) => v < 0 }, { label: "may be chance", colour: CHANCE[1], test: (v) => v === 0 },
    { label: "rising", colour: CHANCE[2], test: (v) => v > 0 }], ...significant("gpp", "slope", "trend"),
    note: "Mann-Kendall p below 0.05, each cell by itself: one in twenty passes by chance." },
  nee_trend: { group: "Change", label: "NEE, significance of the slope", unit: "", classes: [
    { label: "towards uptake", colour: CHANCE[2], test: (v) => v < 0 }, { label: "may be chance", colour: CHANCE[1], test: (v) => v === 0 },
    { label: "towards release", colour: CHANCE[0], test: (v) => v > 0 }], ...significant("nee", "slope", "trend"),
    note: "Mann-Kendall p below 0.05, each cell by itself: one in twenty passes by chance." },
};

/** One year of an annual array. */
function cut(values, year) {
  const count = values.length / world.years.length;
  return values.subarray(year * count, (year + 1) * count);
}

/** Whether this run has a layer: applicability is not part of every run. */
function has(name) {
  if (world === null) return false;
  return !["applicable", "dissimilarity"].includes(name) || name in world.annual;
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

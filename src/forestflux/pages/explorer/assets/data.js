// Arrays of the page: each is unpacked when it is first asked for, and kept from then on.

const data = JSON.parse(document.getElementById("data").textContent);
const TARGET_FLUXES = ["gpp", "nee"];
const MISSING = -2147483648; // stands for NaN among the packed numbers
const GAP = 255; // stands for a gap among the codes of a series
const TOP = 254; // the code of the largest value of a series
const computed = new WeakMap();

/** Bytes of a text that is gzip in base64. */
async function decompressText(text) {
  const raw = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What `compute` gives; it is called only once for each object `key`. */
function computeOnce(key, compute) {
  if (!computed.has(key)) computed.set(key, compute());
  return computed.get(key);
}

/** Numbers of a packed array, flat; NaN where there is none. */
function unpackNumbers(packed) {
  return computeOnce(packed, async () => {
    // The first bytes of all numbers come first, then all second bytes, and so on.
    const bytes = await decompressText(packed.data);
    const count = bytes.length / 4;
    const values = new Float64Array(count);
    for (let i = 0; i < count; i += 1) {
      const whole = bytes[i] | (bytes[count + i] << 8) | (bytes[2 * count + i] << 16) | (bytes[3 * count + i] << 24);
      values[i] = whole === MISSING ? NaN : whole * packed.digit;
    }
    return values;
  });
}

/** Codes 0-255 of a packed array, flat. */
function unpackCodes(packed) {
  return computeOnce(packed, () => decompressText(packed.data));
}

/** Input series of one sample: values by variable, NaN where there is a gap. */
async function unpackSeries(packed, sample) {
  const [codes, lower, upper] = await Promise.all([unpackCodes(packed.codes), unpackNumbers(packed.lower), unpackNumbers(packed.upper)]);
  const [, count, steps] = packed.codes.shape;
  return data.variables.map((_, variable) => {
    const row = sample * count + variable;
    const low = lower[row];
    const span = upper[row] - low || 1; // a constant series has no span
    return Array.from(codes.subarray(row * steps, (row + 1) * steps), (code) => (code === GAP ? NaN : low + (code / TOP) * span));
  });
}

/** Months of one sample: twelve values of each layer, NaN where it is no forest. */
async function unpackMonths(packed, sample) {
  const months = {};
  for (const [name, layer] of Object.entries(packed)) {
    const count = layer.shape[1];
    months[name] = Array.from((await unpackNumbers(layer)).subarray(sample * count, (sample + 1) * count));
  }
  return months;
}

/** What hiding each variable in each month does, by flux: rows of variables, columns of months. */
async function unpackReasons(packed, sample) {
  const reasons = {};
  for (const flux of TARGET_FLUXES) {
    const values = await unpackNumbers(packed[flux]);
    const [, count, months] = packed[flux].shape;
    reasons[flux] = data.variables.map((_, variable) => {
      const row = sample * count + variable;
      return Array.from(values.subarray(row * months, (row + 1) * months));
    });
  }
  return reasons;
}

/** Coordinates in words: 51.5° N, 10.5° E. */
function formatCoordinates(lat, lon, digits = 2) {
  const format = (value, directions) => `${Number(Math.abs(value).toFixed(digits))}° ${directions[value < 0 ? 1 : 0]}`;
  return `${format(lat, "NS")}, ${format(lon, "EW")}`;
}

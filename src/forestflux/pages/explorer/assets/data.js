// Arrays of the page: unpacked when they are first asked for, kept from then on.

const data = JSON.parse(document.getElementById("data").textContent);
const MISSING = -2147483648;
const GAP = 255;
const kept = new WeakMap();

async function inflate(text) {
  const raw = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function keep(packed, make) {
  if (!kept.has(packed)) kept.set(packed, make());
  return kept.get(packed);
}

/** Numbers of a packed array, flat; NaN where there is none. */
function numbers(packed) {
  return keep(packed, async () => {
    const planes = await inflate(packed.data);
    const count = planes.length / 4;
    const values = new Float64Array(count);
    for (let i = 0; i < count; i += 1) {
      const whole = planes[i] | (planes[count + i] << 8) | (planes[2 * count + i] << 16) | (planes[3 * count + i] << 24);
      values[i] = whole === MISSING ? NaN : whole * packed.digit;
    }
    return values;
  });
}

/** Codes 0-255 of a packed array, flat. */
function codes(packed) {
  return keep(packed, () => inflate(packed.data));
}

/** Input series of one sample: values by variable, NaN where there is a gap. */
async function seriesOf(packed, sample) {
  const [code, lower, upper] = await Promise.all([codes(packed.codes), numbers(packed.lower), numbers(packed.upper)]);
  const [, count, steps] = packed.codes.shape;
  return data.variables.map((_, place) => {
    const low = lower[sample * count + place];
    const span = upper[sample * count + place] - low || 1;
    const start = (sample * count + place) * steps;
    return Array.from(code.subarray(start, start + steps), (c) => (c === GAP ? NaN : low + (c / 254) * span));
  });
}

/** What hiding each variable in each month does, by flux: rows of variables, columns of months. */
async function reasonsOf(packed, sample) {
  const found = {};
  for (const flux of ["gpp", "nee"]) {
    const values = await numbers(packed[flux]);
    const [, count, months] = packed[flux].shape;
    found[flux] = data.variables.map((_, place) => {
      const start = (sample * count + place) * months;
      return Array.from(values.subarray(start, start + months));
    });
  }
  return found;
}

/** A number as readers see it, with a true minus. */
function shown(value, digits = 0, plus = false) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const rounded = Number(value.toFixed(digits)) || 0;
  const text = Math.abs(rounded).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return (rounded < 0 ? "−" : plus && rounded > 0 ? "+" : "") + text;
}

/** A place in words: 51.5° N, 10.5° E. */
function placeName(lat, lon, digits = 2) {
  const part = (value, ends) => `${Number(Math.abs(value).toFixed(digits))}° ${ends[value < 0 ? 1 : 0]}`;
  return `${part(lat, "NS")}, ${part(lon, "EW")}`;
}

/** Distance on the sphere, km. */
function distance(latA, lonA, latB, lonB) {
  const rad = Math.PI / 180;
  const cosine =
    Math.sin(latA * rad) * Math.sin(latB * rad) +
    Math.cos(latA * rad) * Math.cos(latB * rad) * Math.cos((lonA - lonB) * rad);
  return 6371 * Math.acos(Math.min(1, Math.max(-1, cosine)));
}

// The sphere: distances on it, and its Equal Earth projection.
// Equal Earth (Savric, Patterson and Jenny 2018) has equal areas and straight parallels. Its plane has the
// radius of the Earth as the unit; theta is the parameter of a latitude as the authors define it.

const COEFFICIENTS = [1.340264, -0.081106, 0.000893, 0.003796];
const SINE_FACTOR = Math.sqrt(3) / 2;
const RADIANS_PER_DEGREE = Math.PI / 180;
const EARTH_RADIUS_KM = 6371;

/** Height of a parallel on the plane, from the equator. */
function computeHeight(theta) {
  const [a, b, c, d] = COEFFICIENTS;
  const t2 = theta * theta;
  const t6 = t2 * t2 * t2;
  return theta * (a + b * t2 + t6 * (c + d * t2));
}

/** Derivative of the height with respect to theta. */
function computeSlope(theta) {
  const [a, b, c, d] = COEFFICIENTS;
  const t2 = theta * theta;
  const t6 = t2 * t2 * t2;
  return a + 3 * b * t2 + t6 * (7 * c + 9 * d * t2);
}

/** Half the length of a parallel on the plane. */
function computeHalfLength(theta) {
  return (Math.PI * Math.cos(theta)) / (SINE_FACTOR * computeSlope(theta));
}

/** Point of the plane [x, y] at coordinates in degrees. */
function project(lat, lon) {
  const theta = Math.asin(SINE_FACTOR * Math.sin(lat * RADIANS_PER_DEGREE));
  return [(lon / 180) * computeHalfLength(theta), computeHeight(theta)];
}

/** The parallel at a height of the plane: its latitude in degrees and half its length; null beyond the poles. */
function findParallel(y) {
  // Newton's method: the height has no inverse in closed form.
  let theta = y;
  for (let round = 0; round < 12; round += 1) {
    const step = (computeHeight(theta) - y) / computeSlope(theta);
    theta -= step;
    if (Math.abs(step) < 1e-9) break;
  }
  const sine = Math.sin(theta) / SINE_FACTOR;
  if (!(Math.abs(sine) <= 1)) return null; // written so that NaN is refused, too
  return { lat: Math.asin(sine) / RADIANS_PER_DEGREE, half: computeHalfLength(theta) };
}

/** Coordinates in degrees of a point of the plane, or null beyond the edge of the map. */
function unproject(x, y) {
  const parallel = findParallel(y);
  if (parallel === null || Math.abs(x) > parallel.half) return null;
  return { lat: parallel.lat, lon: (180 * x) / parallel.half };
}

/** Distance on the sphere, km. */
function measureDistance(latA, lonA, latB, lonB) {
  const [phiA, phiB] = [latA * RADIANS_PER_DEGREE, latB * RADIANS_PER_DEGREE];
  const cosine = Math.sin(phiA) * Math.sin(phiB) +
    Math.cos(phiA) * Math.cos(phiB) * Math.cos((lonA - lonB) * RADIANS_PER_DEGREE);
  return EARTH_RADIUS_KM * Math.acos(Math.min(1, Math.max(-1, cosine)));
}

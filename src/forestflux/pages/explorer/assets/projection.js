// Equal Earth (Savric, Patterson and Jenny 2018): equal areas, straight parallels.

const A = [1.340264, -0.081106, 0.000893, 0.003796];
const M = Math.sqrt(3) / 2;
const RAD = Math.PI / 180;

/** Half the length of a parallel, by the parameter of its latitude. */
function halfWidth(theta) {
  const t2 = theta * theta;
  const t6 = t2 * t2 * t2;
  return (Math.PI * Math.cos(theta)) / (M * (A[0] + 3 * A[1] * t2 + t6 * (7 * A[2] + 9 * A[3] * t2)));
}

/** Point of the plane [x, y] of a place in degrees. */
function project(lat, lon) {
  const theta = Math.asin(M * Math.sin(lat * RAD));
  const t2 = theta * theta;
  const t6 = t2 * t2 * t2;
  return [(lon / 180) * halfWidth(theta), theta * (A[0] + A[1] * t2 + t6 * (A[2] + A[3] * t2))];
}

/** Latitude of a height of the plane in degrees, and half the length of its parallel. */
function parallel(y) {
  let theta = y;
  for (let round = 0; round < 12; round += 1) {
    const t2 = theta * theta;
    const t6 = t2 * t2 * t2;
    const height = theta * (A[0] + A[1] * t2 + t6 * (A[2] + A[3] * t2)) - y;
    const slope = A[0] + 3 * A[1] * t2 + t6 * (7 * A[2] + 9 * A[3] * t2);
    const step = height / slope;
    theta -= step;
    if (Math.abs(step) < 1e-9) break;
  }
  const sine = Math.sin(theta) / M;
  if (!(Math.abs(sine) <= 1)) return null;
  return { lat: Math.asin(sine) / RAD, half: halfWidth(theta) };
}

/** Place in degrees of a point of the plane, or null beyond the edge of the world. */
function unproject(x, y) {
  const line = parallel(y);
  if (line === null || Math.abs(x) > line.half) return null;
  return { lat: line.lat, lon: (180 * x) / line.half };
}

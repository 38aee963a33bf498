// Latents of seeds, the same numbers as tfgan_suite.latents.latents_from_seeds, and ways between them.

// The stream of samples for people: the second half of the key, as in latents.py.
const SAMPLE_STREAM = 1003n;
const WORD = 0xffffffffn;

// Philox 4x32 with 10 rounds: Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2, 3".
const ROUNDS = 10;
const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57];
const WEYL = [0x9e3779b9, 0xbb67ae85];
// The key that TensorFlow scrambles a stateless seed with.
const SCRAMBLE = [0x3ec8f720, 0x02461e29];

// The upper and the lower word of the product of two 32-bit numbers.
function product(a, b) {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 65536);
  const carried = (middle % 65536) + aLow * bHigh;
  return [(aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carried / 65536)) >>> 0, Math.imul(a, b) >>> 0];
}

function philox(counter, key) {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const [high0, low0] = product(MULTIPLIERS[0], c0);
    const [high1, low1] = product(MULTIPLIERS[1], c2);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL[0]) >>> 0;
    k1 = (k1 + WEYL[1]) >>> 0;
  }
  return [c0, c1, c2, c3];
}

// 23 random bits as a number in [0, 1).
const uniform = (word) => (word & 0x7fffff) / 0x800000;

// Two words -> two standard normal numbers: Box and Muller, 1958, in float32 like TensorFlow's.
function boxMuller(first, second) {
  const radius = Math.fround(Math.sqrt(Math.fround(-2 * Math.fround(Math.log(Math.max(uniform(first), 1e-7))))));
  const angle = Math.fround(2 * Math.PI * uniform(second));
  return [Math.sin(angle) * radius, Math.cos(angle) * radius];
}

/** The latents of a seed (an integer or a BigInt), Float32Array of `length` numbers from N(0, 1). */
export function latentsOfSeed(seed, length) {
  const words = [BigInt(seed), SAMPLE_STREAM].flatMap((value) => {
    const bits = BigInt.asUintN(64, value);
    return [Number(bits & WORD), Number(bits >> 32n)];
  });
  const mixed = philox(words, SCRAMBLE);
  const latents = new Float32Array(length);
  for (let block = 0; block * 4 < length; block++) {
    const random = philox([block, 0, mixed[2], mixed[3]], [mixed[0], mixed[1]]);
    const numbers = [...boxMuller(random[0], random[1]), ...boxMuller(random[2], random[3])];
    latents.set(numbers.slice(0, length - block * 4), block * 4);
  }
  return latents;
}

const dot = (a, b) => a.reduce((sum, value, index) => sum + value * b[index], 0);
const norm = (a) => Math.sqrt(dot(a, a));
const combined = (p, a, q, b) => Float32Array.from(a, (value, index) => p * value + q * b[index]);

/** The point at t in [0, 1] on the arc from a to b, as tfgan_suite.latents.interpolated gives it: White, 2016. */
export function arc(a, b, t) {
  const unitA = Float64Array.from(a, (value) => value / norm(a));
  const unitB = Float64Array.from(b, (value) => value / norm(b));
  const [apart, together] = [-1, 1].map((sign) => norm(unitA.map((value, index) => value + sign * unitB[index])));
  const angle = 2 * Math.atan2(apart, together);
  const sine = Math.sin(angle);
  if (!(sine > 1e-3)) return combined(1 - t, a, t, b); // no arc is given between these
  return combined(Math.sin((1 - t) * angle) / sine, a, Math.sin(t * angle) / sine, b);
}

// What is left of a vector without its part along unit vectors, at length 1.
function across(vector, units) {
  const left = Float64Array.from(vector);
  for (const unit of units) {
    const share = dot(left, unit);
    unit.forEach((value, index) => { left[index] -= share * value; });
  }
  const length = norm(left);
  return length > 1e-6 ? left.map((value) => value / length) : null;
}

/**
 * A walk from a point on its own sphere, which keeps the length that latents have.
 *
 * `right` and `up` are latents that give the directions; x and y are angles in radians along them. In a space of fewer
 * than three dimensions a direction may be missing, and moves nothing.
 */
export function walk(from, right, up, x, y) {
  const length = norm(from);
  const angle = Math.hypot(x, y);
  if (length === 0 || angle === 0) return Float32Array.from(from);
  const start = Float64Array.from(from, (value) => value / length);
  const first = across(right, [start]);
  const second = first && across(up, [start, first]);
  const step = start.map((_, index) => ((first ? x * first[index] : 0) + (second ? y * second[index] : 0)));
  const reached = norm(step);
  if (reached === 0) return Float32Array.from(from);
  return Float32Array.from(start, (value, index) =>
    length * (Math.cos(reached) * value + (Math.sin(reached) * step[index]) / reached));
}

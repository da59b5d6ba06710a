// Filters of pictures and lines with the results of scipy.ndimage, and numpy.interp.
//
// What lies beyond the ends of a line is said by a mode: 'reflect' mirrors it, 'nearest' repeats
// its last value, 'constant' continues it with zeros.

/** For each place of a line from `-before` on: the place that it takes its value from, or -1. */
function places(count, size, mode) {
  const found = new Int32Array(count + size - 1);
  for (let n = 0, i = -(size >> 1); n < found.length; n += 1, i += 1) {
    found[n] = i >= 0 && i < count ? i : beyond(i, count, mode);
  }
  return found;
}

function beyond(i, count, mode) {
  if (mode === 'constant') return -1;
  if (mode === 'nearest') return i < 0 ? 0 : count - 1;
  const place = ((i % (2 * count)) + 2 * count) % (2 * count);
  return Math.min(place, 2 * count - 1 - place);
}

/**
 * The largest of `size` neighbours of each pixel.
 *
 * @param {Float32Array | Uint8Array} given Pixels, row by row.
 * @param {number} width
 * @param {number} size An odd number.
 * @param {number} axis 0 for neighbours in the same column, 1 for those in the same row.
 * @param {string} [mode]
 */
export function maximum(given, width, size, axis, mode = 'reflect') {
  return ofNeighbours(given, width, size, axis, mode, -Infinity, takeLarger);
}

/** The smallest of `size` neighbours of each pixel, as `maximum`. */
export function minimum(given, width, size, axis, mode = 'reflect') {
  return ofNeighbours(given, width, size, axis, mode, Infinity, takeSmaller);
}

/** The mean of `size` neighbours of each pixel, as `maximum`; of whole numbers the whole part. */
export function mean(given, width, size, axis, mode = 'reflect') {
  return ofNeighbours(given, width, size, axis, mode, 0, add, size);
}

function takeLarger(row, all, first) {
  for (let x = 0; x < row.length; x += 1) if (all[first + x] > row[x]) row[x] = all[first + x];
}

function takeSmaller(row, all, first) {
  for (let x = 0; x < row.length; x += 1) if (all[first + x] < row[x]) row[x] = all[first + x];
}

function add(row, all, first) {
  for (let x = 0; x < row.length; x += 1) row[x] += all[first + x];
}

/**
 * What `take` makes of `size` neighbours of each pixel, see `maximum`: for each pixel of a row it
 * begins with `start`, and is called with an array and where in it their next neighbours begin.
 */
function ofNeighbours(given, width, size, axis, mode, start, take, divisor = 1) {
  const at = places(axis ? width : given.length / width, size, mode);
  const found = new given.constructor(given.length);
  const line = new given.constructor(width + size - 1); // A row and what is beyond its ends.
  const row = new Float64Array(width);
  for (let y = 0, i = 0; i < given.length; y += 1, i += width) {
    if (axis) for (let x = 0; x < at.length; x += 1) line[x] = at[x] < 0 ? 0 : given[i + at[x]];
    row.fill(start);
    for (let k = 0; k < size; k += 1) {
      if (axis) take(row, line, k);
      else if (at[y + k] < 0) take(row, line, 0); // Nothing but zeros.
      else take(row, given, at[y + k] * width);
    }
    if (divisor > 1) for (let x = 0; x < width; x += 1) row[x] /= divisor;
    found.set(row, i);
  }
  return found;
}

/** A line smoothed by a Gaussian, which is cut off after four deviations. */
export function gaussian(line, deviation, mode) {
  const reach = Math.trunc(4 * deviation + 0.5);
  const size = 2 * reach + 1;
  const weights = Float64Array.from({ length: size }, (_, k) =>
    Math.exp(-0.5 * ((k - reach) / deviation) ** 2),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  const at = places(line.length, size, mode);
  const near = new Float64Array(at.length);
  for (let n = 0; n < at.length; n += 1) near[n] = at[n] < 0 ? 0 : line[at[n]];
  const found = new Float64Array(line.length);
  for (let x = 0; x < found.length; x += 1) {
    let all = 0;
    for (let k = 0; k < size; k += 1) all += weights[k] * near[x + k];
    found[x] = all / sum;
  }
  return found;
}

/** The median of `size` neighbours of each value of a line; of an even number the upper one. */
export function medians(line, size, mode) {
  const at = places(line.length, size, mode);
  const sorted = Float64Array.from(at.subarray(0, size), (i) => line[i]).sort();
  const found = new Float64Array(line.length);
  for (let x = 0; ; x += 1) {
    found[x] = sorted[size >> 1];
    if (x + 1 === line.length) return found;
    replace(sorted, line[at[x]], line[at[x + size]]);
  }
}

/** Puts a value in the place of another one, in a sorted array. */
function replace(sorted, old, value) {
  let i = sorted.indexOf(old);
  for (; i + 1 < sorted.length && sorted[i + 1] < value; i += 1) sorted[i] = sorted[i + 1];
  for (; i > 0 && sorted[i - 1] > value; i -= 1) sorted[i] = sorted[i - 1];
  sorted[i] = value;
}

/** The middle one of some values, or the mean of the two middle ones. */
export function median(values) {
  const sorted = new Float64Array(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Heights at places `at` of a line through points, whose places `x` ascend; level beyond them. */
export function interpolated(at, x, y) {
  const last = x.length - 1;
  let i = 0;
  return Float64Array.from(at, (place) => {
    if (place <= x[0]) return y[0];
    if (place >= x[last]) return y[last];
    if (place < x[i]) i = 0;
    while (x[i + 1] <= place) i += 1;
    return y[i] + ((place - x[i]) * (y[i + 1] - y[i])) / (x[i + 1] - x[i]);
  });
}

// Filters of pictures and lines with the results of scipy.ndimage, and numpy.interp.
//
// What lies beyond the ends of a line is said by a mode: 'reflect' mirrors it, 'nearest' repeats
// its last value, 'constant' continues it with zeros.

/** For each place of a line from `-before` on: the place that it takes its value from, or -1. */
function places(count, size, mode) {
  const before = size >> 1;
  return Int32Array.from({ length: count + size - 1 }, (_, n) => {
    const i = n - before;
    if (i >= 0 && i < count) return i;
    if (mode === 'constant') return -1;
    if (mode === 'nearest') return i < 0 ? 0 : count - 1;
    const place = ((i % (2 * count)) + 2 * count) % (2 * count);
    return Math.min(place, 2 * count - 1 - place);
  });
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
  return extreme(given, width, size, axis, mode, 1);
}

/** The smallest of `size` neighbours of each pixel, as `maximum`. */
export function minimum(given, width, size, axis, mode = 'reflect') {
  return extreme(given, width, size, axis, mode, -1);
}

function extreme(given, width, size, axis, mode, sign) {
  const height = given.length / width;
  const at = places(axis ? width : height, size, mode);
  const found = new given.constructor(given.length);
  const best = new Float64Array(width);
  for (let y = 0, i = 0; y < height; y += 1, i += width) {
    best.fill(-Infinity);
    for (let k = 0; k < size; k += 1) {
      const row = axis ? i : at[y + k] * width;
      if (axis) {
        for (let x = 0; x < width; x += 1) {
          const value = at[x + k] < 0 ? 0 : sign * given[row + at[x + k]];
          if (value > best[x]) best[x] = value;
        }
      } else {
        for (let x = 0; x < width; x += 1) {
          const value = row < 0 ? 0 : sign * given[row + x];
          if (value > best[x]) best[x] = value;
        }
      }
    }
    for (let x = 0; x < width; x += 1) found[i + x] = sign * best[x];
  }
  return found;
}

/** The mean of `size` neighbours of each pixel, as `maximum`; of whole numbers the whole part. */
export function mean(given, width, size, axis, mode = 'reflect') {
  const height = given.length / width;
  const at = places(axis ? width : height, size, mode);
  const found = new given.constructor(given.length);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      let sum = 0;
      for (let k = 0; k < size; k += 1) {
        const place = axis ? at[x + k] : at[y + k];
        if (place >= 0) sum += given[axis ? y * width + place : place * width + x];
      }
      found[i] = sum / size;
    }
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
  const found = new Float64Array(line.length);
  for (let x = 0; x < found.length; x += 1) {
    for (let k = 0; k < size; k += 1) if (at[x + k] >= 0) found[x] += weights[k] * line[at[x + k]];
    found[x] /= sum;
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
  const sorted = Float64Array.from(values).sort();
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

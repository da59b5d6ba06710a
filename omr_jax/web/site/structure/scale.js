// How much darker each pixel is than the paper around it, and what the staff space may be, as
// omr_jax/structure/scale.py has them. A picture is {grey, width, height}: its pixels row by row,
// dark ink on bright paper.

import { resize } from '../network/resize.js';
import { scale } from './constants.js';
import { maximum, mean } from './filters.js';

const { fround } = Math;

const lights = new WeakMap(); // By picture; a page is asked twice, for its staff spaces and windows.

/**
 * The darkness of each pixel, as it is written into a new array.
 *
 * @param {{grey: Uint8Array, width: number, height: number}} picture
 * @param {Function} Result The type of the array.
 * @param {function(number): number} written What is written for a darkness from 0 (paper) to 1
 *   (the page's blackest ink).
 * @returns {Float32Array | Uint8Array}
 */
export function darkness(picture, Result = Float32Array, written = (dark) => dark) {
  const { grey, width, height } = picture;
  const { paper, stride, blackest } = lightOf(picture);
  // For each brightness of the paper and each one of a pixel.
  const known = new Result(1 << 16);
  for (let n = 0; n < known.length; n += 1) {
    known[n] = written(Math.min(1, Math.max(0, fround(missing(n & 255, n >> 8) / blackest))));
  }
  const found = new Result(grey.length);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let j = y * stride, end = j + width; j < end; i += 1, j += 1) {
      found[i] = known[(paper[j] << 8) | grey[i]];
    }
  }
  return found;
}

/** What the distance of two staff lines may be in pixels: one or two values, or none. */
export function staffSpaces(picture) {
  const { ALIKE, DARK, FAINT, MOST } = scale;
  const { paper, stride, blackest } = lightOf(picture);
  const [dark, faint] = [DARK, FAINT].map((share) =>
    mostFrequent(sums(picture, paper, stride, fround(1 - share * blackest))),
  );
  const isOther = Math.abs(dark - faint) >= ALIKE * Math.max(dark, faint);
  const isGrain = picture.grey.length > MOST * faint ** 2;
  return [...(dark ? [dark] : []), ...(faint && isOther && !isGrain ? [faint] : [])];
}

/** The most frequent of the sums, refined to the mean of those next to it; 0 if there are none. */
function mostFrequent(counts) {
  const near = (n) => (counts[n - 1] ?? 0) + counts[n] + (counts[n + 1] ?? 0);
  let best = 0;
  for (let n = 1; n < counts.length; n += 1) if (near(n) > near(best)) best = n;
  if (!near(best)) return 0;
  return best + (counts[best + 1] - counts[best - 1]) / near(best);
}

/** How many times each sum of a thin black run and the white run below it is in the columns;
 * ink is darker than `ink` times the paper. */
function sums({ grey, width, height }, paper, stride, ink) {
  const { SMALLEST, LARGEST } = scale;
  const limits = Float32Array.from({ length: 256 }, (_, level) => fround(level * ink));
  const counts = new Float64Array(LARGEST + 2);
  // Of every second column: where its last run of ink began and ended, -1 for none, and whether it
  // is in ink.
  const columns = (width + 1) >> 1;
  const [begins, ends] = [new Int32Array(columns).fill(-1), new Int32Array(columns)];
  const isInk = new Uint8Array(columns);
  for (let y = 0; y < height; y += 1) {
    for (let n = 0, i = y * width, j = y * stride; n < columns; n += 1, i += 2, j += 2) {
      const dark = grey[i] < limits[paper[j]] ? 1 : 0;
      if (dark === isInk[n]) continue;
      isInk[n] = dark;
      if (!dark) {
        ends[n] = y;
        continue;
      }
      const sum = y - begins[n];
      const isThin = ends[n] - begins[n] < Math.max(0.4 * sum, 3);
      if (begins[n] >= 0 && isThin && sum >= SMALLEST && sum <= LARGEST) counts[sum] += 1;
      begins[n] = y;
    }
  }
  return counts;
}

/** The brightness of the paper, see `paperOf`, and the darkness of the blackest ink. */
function lightOf(picture) {
  if (!lights.has(picture)) {
    const paper = paperOf(picture);
    lights.set(picture, { ...paper, blackest: blackestOf(picture, paper) });
  }
  return lights.get(picture);
}

/** The light that is missing, as a share of that of the paper. */
function missing(grey, paper) {
  return fround(1 - fround(grey / Math.max(paper, 1)));
}

/** The brightness of the paper at each pixel, in rows of `stride` pixels. */
function paperOf({ grey, width, height }) {
  const { CELL, SPREAD } = scale;
  const [rows, columns] = [Math.ceil(height / CELL), Math.ceil(width / CELL)];
  const cells = new Uint8Array(rows * columns);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0, cell = Math.floor(y / CELL) * columns; x < width; cell += 1) {
      let brightest = cells[cell];
      for (const end = Math.min(x + CELL, width); x < end; x += 1, i += 1) {
        if (grey[i] > brightest) brightest = grey[i];
      }
      cells[cell] = brightest;
    }
  }
  let bright = both(mean, cells, columns, 3, 'nearest');
  bright = both(mean, both(maximum, bright, columns, SPREAD), columns, SPREAD);
  const [stride, high] = [columns * CELL, rows * CELL];
  const [first] = bright;
  const paper = bright.every((each) => each === first) // As on pages that no camera has seen.
    ? new Uint8Array(stride * high).fill(first)
    : resize(bright, columns, [0, 0, columns, rows], stride, high);
  return { paper, stride };
}

function both(filter, given, width, size, mode) {
  return filter(filter(given, width, size, 0, mode), width, size, 1, mode);
}

/** The darkness of the blackest ink, at least 0.1, so that an empty page has none. */
function blackestOf({ grey, width, height }, { paper, stride }) {
  const counts = new Uint32Array(1 << 16); // For each brightness of the paper and of a pixel.
  let all = 0;
  for (let y = 0; y < height; y += 4) {
    for (let x = 0; x < width; x += 4, all += 1) {
      counts[(paper[y * stride + x] << 8) | grey[y * width + x]] += 1;
    }
  }
  const there = Array.from(counts.keys()).filter((n) => counts[n]);
  const seen = there.map((n) => ({ value: missing(n & 255, n >> 8), count: counts[n] }));
  seen.sort((one, other) => one.value - other.value);
  /** The value of the pixel at a place in the order of their values. */
  const at = (place) => {
    let n = 0;
    for (let before = seen[0].count; before <= place; before += seen[n].count) n += 1;
    return seen[n].value;
  };
  const place = 0.995 * (all - 1);
  const low = Math.floor(place);
  const [value, next] = [low, Math.min(low + 1, all - 1)].map(at);
  return fround(Math.max(value + (place - low) * (next - value), 0.1));
}

// Follows the staves of a page from strip to strip, by the combs that were found there, as
// omr_jax/structure/paths.py does.

import { halfToEven } from '../network/resize.js';
import { comb, paths as fixed } from './constants.js';
import { interpolated } from './filters.js';

const { SPACE, STEP } = comb;

/**
 * Follows each staff from its clearest strip to both sides.
 *
 * @param {object} teeth See `teeth` in comb.js.
 * @param {Float64Array} middles x of the middle of each strip.
 * @param {number} height Of the page in pixels.
 * @yields {{x: number[], y: number[], gap: number[]}} For each strip of a staff, x and y of the
 *   middle line, and the distance of the lines.
 */
export function* paths(teeth, middles, height) {
  const { strips } = teeth;
  const score = teeth.score.slice();
  let best = largest(score);
  const begins = Math.max(fixed.BEGINS, fixed.RELATIVE * Math.max(0, score[best]));
  for (; score[best] >= begins; best = largest(score)) {
    let path = bothWays(teeth, score, Math.floor(best / strips), best % strips);
    path = bothWays(teeth, score, ...inPhase(score, strips, path));
    score[best] = 0;
    const [ys, ks] = [path.map(([y]) => y), path.map(([, k]) => k)];
    const between = Array.from({ length: ks.at(-1) - ks[0] + 1 }, (_, n) => ks[0] + n);
    interpolated(between, ks, ys).forEach((y, n) => {
      // No other staff has its middle line as near as this.
      const middle = halfToEven(y);
      const [first, end] = [Math.max(0, middle - fixed.ALONE), middle + fixed.ALONE];
      for (let row = first; row < Math.min(end, height); row += 1) {
        score[row * strips + between[n]] = 0;
      }
    });
    if (path.length > 1) {
      const gap = path.map(([y, k]) => teeth.gap[y * strips + k]);
      yield { x: ks.map((k) => middles[k]), y: ys.map((y) => y + 0.5), gap };
    }
  }
}

function largest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if (values[i] > values[best]) best = i;
  return best;
}

/** Rows and strips of the staff that a row and a strip belong to, from left to right. */
function bothWays(teeth, score, row, strip) {
  const [right, left] = [1, -1].map((way) => followed(teeth, score, row, strip, way));
  return [...left.slice(1).reverse(), ...right];
}

/**
 * Row and strip where a staff is clearest, after its path was moved by whole staff spaces.
 *
 * In a single strip the comb may be a space too high or too low, on ledger lines or a hairpin.
 * These don't run along the whole staff, so the move with the best mean score is chosen.
 */
function inPhase(score, strips, path) {
  const height = score.length / strips;
  const at = (y, k) => (y >= 0 && y < height ? score[y * strips + k] : 0);
  let best = { sum: -Infinity };
  for (let shift = -3 * SPACE; shift <= 3 * SPACE; shift += SPACE) {
    const found = path.map(([y, k]) => {
      const row = y + shift;
      const isInside = row >= 0 && row < height;
      return isInside ? Math.max(at(row - 1, k), at(row, k), at(row + 1, k)) : 0;
    });
    const sum = found.reduce((a, b) => a + b, 0);
    if (sum > best.sum) best = { sum, shift, found };
  }
  const [y, k] = path[largest(best.found)];
  let row = Math.max(0, y + best.shift - 1);
  for (let next = row + 1, end = row + 3; next < end; next += 1) {
    if (at(next, k) > at(row, k)) row = next;
  }
  return [row, k];
}

/** Rows and strips of a staff, from a strip on to the right (`way` 1) or to the left (-1). */
function followed(teeth, score, row, strip, way) {
  const { strips } = teeth;
  const height = score.length / strips;
  const path = [[row, strip]];
  const reach = fixed.TOLERANCE * SPACE;
  let slope = teeth.slope[row * strips + strip];
  let y = row;
  let missed = 0;
  for (let k = strip + way; missed <= fixed.MOST_MISSED && k >= 0 && k < strips; k += way) {
    y += way * slope * STEP;
    const first = Math.max(0, Math.ceil(y - reach));
    const end = Math.min(height, Math.trunc(y + reach) + 1);
    let best = first;
    for (let i = first + 1; i < end; i += 1) {
      if (score[i * strips + k] > score[best * strips + k]) best = i;
    }
    if (first >= end || score[best * strips + k] < fixed.GOES_ON) {
      missed += 1;
      continue;
    }
    [y, missed] = [best, 0];
    path.push([best, k]);
    slope += 0.5 * (teeth.slope[best * strips + k] - slope);
  }
  return path;
}

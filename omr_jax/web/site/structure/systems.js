// Joins the staves that are played together to systems, by the line or brace at their left end, as
// omr_jax/structure/systems.py does.

import { comb, straight as fixed, systems } from './constants.js';
import { maximum } from './filters.js';
import { moves, rowOf, slantedInk, straight } from './straight.js';

const { SPACE } = comb;
const { FEW, FURTHEST, JOINED, MARGIN, ROWS, SLANTS } = systems;

/**
 * The staves of each system.
 *
 * @param {object} page See `searched` in staves.js.
 * @param {object[]} frames Of the staves from top to bottom.
 * @returns {number[][]} Their places in `frames`.
 */
export function joined(page, frames) {
  const found = [];
  frames.forEach((frame, number) => {
    if (number && areJoined(page, frames[number - 1], frame)) found.at(-1).push(number);
    else found.push([number]);
  });
  return found;
}

function areJoined(page, upper, lower) {
  const high = lower.y[0] - 2 * lower.down[0] - (upper.y[0] + 2 * upper.down[0]);
  const aside = lower.x[0] - 2 * lower.across[0] - (upper.x[0] + 2 * upper.across[0]);
  if (!(high > 0 && high < FURTHEST * SPACE) || Math.abs(aside) > high) return false;
  const count = Math.min(upper.x.length, lower.x.length);
  // From the lowest line of one staff to the highest of the next: a stroke that ends between them
  // joins nothing.
  const [from, to] = [rowOf(upper, 2, MARGIN, count), rowOf(lower, -2, MARGIN, count)];
  const strip = straight(page, ROWS, from, to);
  const whole = new Float32Array(strip.width);
  for (const slant of SLANTS) {
    wholeOf(strip, (slant * high) / ROWS).forEach((share, x) => {
      whole[x] = Math.max(whole[x], share);
    });
  }
  if (Math.max(...whole.subarray(0, 2 * MARGIN)) >= JOINED) return true;
  return groups(whole.subarray(2 * MARGIN), 2 * SPACE) >= FEW;
}

/** The share of ink in each column, which may be off by two pixels in each row. */
function wholeOf({ values, width }, slant) {
  const ink = slantedInk({ values, width }, moves(ROWS, slant), fixed.INK);
  const near = maximum(ink, width, 5, 1);
  const found = new Float32Array(width);
  near.forEach((each, i) => {
    found[i % width] += each / ROWS;
  });
  return found;
}

/** How many groups of columns with a whole line there are, more than `apart` columns apart. */
function groups(whole, apart) {
  let count = 0;
  let last = -Infinity;
  whole.forEach((share, x) => {
    if (share < JOINED) return;
    if (x - last > apart + 1) count += 1;
    last = x;
  });
  return count;
}

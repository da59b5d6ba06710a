// Joins the staves that are played together to systems, as omr_jax/structure/systems.py does: by a
// line or brace at their left end, or by a bar line that goes on from one to the other.

import { comb, straight as fixed, systems } from './constants.js';
import { moves, rowOf, slantedInk, straight, widened } from './straight.js';

const { SPACE } = comb;
const { BESIDE, FURTHEST, INSIDE, JOINED, NEAR, ROWS, SLANTS } = systems;

/**
 * The staves of each system.
 *
 * @param {object} page See `searched` in staves.js.
 * @param {object[]} frames Of the staves from top to bottom.
 * @param {number[][]} bars The columns of the bar lines of each staff.
 * @returns {number[][]} Their places in `frames`.
 */
export function joined(page, frames, bars) {
  const found = [];
  frames.forEach((frame, number) => {
    const pair = [number - 1, number];
    const mine = [frames, bars].map((each) => pair.map((n) => each[n]));
    if (number && areJoined(page, ...mine)) found.at(-1).push(number);
    else found.push([number]);
  });
  return found;
}

function areJoined(page, [upper, lower], [above, below]) {
  const high = lower.y[0] - 2 * lower.down[0] - (upper.y[0] + 2 * upper.down[0]);
  const aside = lower.x[0] - 2 * lower.across[0] - (upper.x[0] + 2 * upper.across[0]);
  if (!(high > 0 && high < FURTHEST * SPACE) || Math.abs(aside) > high) return false;
  const count = Math.min(upper.x.length, lower.x.length);
  // From the lowest line of one staff to the highest of the next: a stroke that ends between them
  // joins nothing.
  const [from, to] = [rowOf(upper, 2, BESIDE, count), rowOf(lower, -2, BESIDE, count)];
  const strip = straight(page, ROWS, from, to);
  const whole = new Float32Array(strip.width);
  for (const slant of SLANTS) {
    wholeOf(strip, (slant * high) / ROWS).forEach((share, x) => {
      whole[x] = Math.max(whole[x], share);
    });
  }
  if (Math.max(...whole.subarray(0, BESIDE + INSIDE)) >= JOINED) return true;
  // Not every stroke between two staves is a part of a bar line: both staves must have one there.
  const both = above.filter((x) => below.some((other) => Math.abs(x - other) <= NEAR));
  return both.some((x) => {
    const near = whole.subarray(Math.max(0, x - NEAR + BESIDE), x + NEAR + BESIDE + 1);
    return near.some((share) => share >= JOINED);
  });
}

/** The share of ink in each column, which may be off by two pixels in each row. */
function wholeOf({ values, width }, slant) {
  const ink = slantedInk({ values, width }, moves(ROWS, slant), fixed.INK);
  const near = widened(ink, width, 2);
  const found = new Float32Array(width);
  for (let i = 0; i < near.length; i += width) {
    for (let x = 0; x < width; x += 1) found[x] += near[i + x] / ROWS;
  }
  return found;
}

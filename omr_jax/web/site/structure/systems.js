// Joins the staves that are played together to systems, as omr_jax/structure/systems.py does: by a
// line or brace at their left end, by a bar line that goes on from one to the other, or a single
// staff above joined ones by its bar lines.

import { comb, straight as fixed, systems } from './constants.js';
import { maximum } from './filters.js';
import { moves, offsetsOf, rowOf, slantedInk, straight, widened } from './straight.js';

const { SPACE } = comb;
const { ALIGNED, ASIDE, BESIDE, CHANCE, FURTHEST, INSIDE, JOINED, NEAR } = systems;
const { ROWS, SAME, SLANTS } = systems;

/**
 * How much of each stroke from one staff to the next is ink. Columns are counted from the left end
 * of the longer staff, the first of them BESIDE to the left. A stroke begins at the lowest line of
 * one staff and ends at the upper line of the next.
 *
 * @param {object} page See `searched` in staves.js.
 * @param {object} upper The frame of a staff.
 * @param {object} lower That of the next one below.
 * @returns {?Float32Array} From 0 to 1; null if the staves are too far from each other.
 */
export function strokes(page, upper, lower) {
  const high = lower.y[0] - 2 * lower.down[0] - (upper.y[0] + 2 * upper.down[0]);
  const aside = lower.x[0] - 2 * lower.across[0] - (upper.x[0] + 2 * upper.across[0]);
  if (!(high > 0 && high < FURTHEST * SPACE) || Math.abs(aside) > high) return null;
  const [above, below] = offsetsOf([upper, lower]);
  const count = Math.min(upper.x.length + above, lower.x.length + below);
  const from = rowOf(upper, 2, BESIDE + above, count - above);
  const to = rowOf(lower, -2, BESIDE + below, count - below);
  const strip = straight(page, ROWS, from, to);
  const whole = new Float32Array(strip.width);
  for (const slant of SLANTS) {
    wholeOf(strip, (slant * high) / ROWS).forEach((share, x) => {
      whole[x] = Math.max(whole[x], share);
    });
  }
  return whole;
}

/**
 * Whether a stroke goes on from each column of each staff to the staff above, and to that below.
 *
 * @param {object[]} frames Of the staves from top to bottom.
 * @param {?Float32Array[]} between The `strokes` of each staff and the next.
 * @returns {{above: Uint8Array, below: Uint8Array}[]} 1 where one does, else 0.
 */
export function onwards(frames, between) {
  const found = frames.map(({ x }) => ({
    above: new Uint8Array(x.length),
    below: new Uint8Array(x.length),
  }));
  between.forEach((inked, number) => {
    if (!inked) return;
    const near = maximum(inked, inked.length, 2 * ASIDE + 1, 1).subarray(BESIDE);
    const goesOn = Uint8Array.from(near, (share) => (share >= JOINED ? 1 : 0));
    const offsets = offsetsOf(frames.slice(number, number + 2));
    [found[number].below, found[number + 1].above].forEach((mine, k) => {
      mine.set(goesOn.subarray(offsets[k], offsets[k] + mine.length));
    });
  });
  return found;
}

/**
 * The staves of each system.
 *
 * @param {{frame: object, bars: number[], below: ?Float32Array}[]} staves From top to bottom, with
 *   the columns of their bar lines and the `strokes` to the next staff.
 * @returns {number[][]} Their places in `staves`.
 */
export function joined(staves) {
  const alone = [];
  staves.forEach((staff, number) => {
    if (number && areJoined(staves[number - 1], staff)) alone.at(-1).push(number);
    else alone.push([number]);
  });
  const found = [];
  for (const system of alone) {
    const [first] = system;
    const isVoice = found.at(-1)?.length === 1 && system.length > 1;
    if (isVoice && haveTheSame(staves[first - 1], staves[first])) found.at(-1).push(...system);
    else found.push(system);
  }
  return found;
}

function areJoined(upper, lower) {
  const { below } = upper;
  if (!below) return false;
  const inside = Math.max(...offsetsOf([upper.frame, lower.frame])) + INSIDE;
  if (Math.max(...below.subarray(0, BESIDE + inside)) >= JOINED) return true;
  // Not every stroke between two staves is a part of a bar line: both staves must have one there,
  // and most of their others above each other too.
  const goesOn = crossed(upper, lower);
  const fewer = Math.min(upper.bars.length, lower.bars.length);
  return goesOn.some(Boolean) && goesOn.length >= ALIGNED * fewer;
}

/** Whether the bar lines of two staves stand above each other; so few may do so by chance. */
function haveTheSame(upper, lower) {
  const count = common(upper, lower).length;
  return count >= CHANCE && count >= SAME * Math.max(upper.bars.length, lower.bars.length);
}

/** The columns of bar lines that two staves have above each other, but for their left end. */
function common(upper, lower) {
  const offsets = offsetsOf([upper.frame, lower.frame]);
  const [above, below] = [upper, lower].map(({ bars }, k) => bars.map((x) => x + offsets[k]));
  const inside = above.filter((x) => x > Math.max(...offsets) + BESIDE);
  return inside.filter((x) => below.some((other) => Math.abs(x - other) <= NEAR));
}

/**
 * Whether each bar line that two staves have above each other goes on from one to the other. The
 * line at their left end does not count: it always goes on.
 */
export function crossed(upper, lower) {
  return common(upper, lower).map((x) => {
    const near = upper.below.subarray(Math.max(0, x - NEAR + BESIDE), x + NEAR + BESIDE + 1);
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

// Finds the bar lines of a staff, as omr_jax/structure/barlines.py does: straight ink from its
// upper line to its lower one, all alone. A stem has a note head or a beam beside it.

import { barlines, comb, straight as fixed } from './constants.js';
import { mean, median } from './filters.js';
import { moves, slantedInk, widened } from './straight.js';

const { SPACE } = comb;
const { ABOVE, INK, TALL } = fixed;
const { APART, BESIDE, GAPS, HEAD, IN, LEAST, LINE } = barlines;
const { MISSING, OVER, SLANTS, UNDER, WORST } = barlines;
const ROWS = TALL + 2 * ABOVE + 1;
// Rows that are farther than two pixels from the staff lines.
const CLEAR = Array.from({ length: ROWS }, (_, row) =>
  [0, 1, 2, 3, 4].every((line) => Math.abs(row - ABOVE - line * SPACE) > 2),
);

/**
 * Log-odds that a bar line crosses the middle line at each column.
 *
 * @param {{values: Float32Array, width: number}} strip The darkness of a staff that is laid out
 *   straight, ROWS rows.
 * @returns {Float32Array} From WORST to LINE.
 */
export function scores(strip) {
  const { width } = strip;
  const score = new Float32Array(width).fill(WORST);
  for (const slant of SLANTS) {
    const ink = slantedInk(strip, moves(ROWS, slant), INK);
    const whole = wholeOf(ink, width);
    for (let x = 0; x < width; x += 1) {
      const missing = 1 - whole[x];
      if (missing > MISSING) continue;
      const heads = mean(beside(ink, width, x), 1, HEAD, 0).map((share) => (share * HEAD) / 3);
      const most = (first, end) => Math.max(...heads.subarray(first, end));
      const rows = heads.subarray(ABOVE - 2, ABOVE + TALL + 3).filter((_, n) => n % 2 === 0);
      // Beside a double bar there is ink in all rows alike.
      const inside = most(ABOVE - 2, ABOVE + TALL + 3) - median(rows);
      const above = most(ABOVE - SPACE - 2, ABOVE - 2);
      const below = most(ABOVE + TALL + 3, ABOVE + TALL + SPACE + 3);
      const signs =
        IN * Math.min(inside, 1) + OVER * Math.min(above, 1) + UNDER * Math.min(below, 1);
      score[x] = Math.max(score[x], LINE - (GAPS * missing) / MISSING - signs);
    }
  }
  return score;
}

/**
 * The share of rows with ink in each column of a staff. It is at most MISSING above that of the
 * emptiest of the four spaces.
 */
function wholeOf(ink, width) {
  const staff = ink.subarray(ABOVE * width, (ABOVE + TALL + 1) * width);
  const near = widened(staff, width, 1); // A shaky line leaves its column by a pixel.
  const counts = Array.from({ length: 5 }, () => new Uint8Array(width)); // The last: lower line.
  for (let y = 0, i = 0; y <= TALL; y += 1) {
    const count = counts[Math.floor(y / SPACE)];
    for (let x = 0; x < width; x += 1, i += 1) count[x] += near[i];
  }
  const [one, two, three, four, line] = counts;
  return Float32Array.from(line, (last, x) => {
    const all = (one[x] + two[x] + three[x] + four[x] + last) / (TALL + 1);
    return Math.min(all, Math.min(one[x], two[x], three[x], four[x]) / SPACE + MISSING);
  });
}

/** The share of ink on the fuller side of a column, row by row, between the staff lines. */
function beside(ink, width, x) {
  return Float32Array.from(CLEAR, (clear, y) => {
    if (!clear) return 0;
    let [left, right] = [0, 0];
    for (const step of BESIDE) {
      if (x >= step) left += ink[y * width + x - step];
      if (x + step < width) right += ink[y * width + x + step];
    }
    return Math.max(left, right) / BESIDE.length;
  });
}

/** The columns of bar lines: the best one within APART columns, if its log-odds suffice. */
export function peaks(score) {
  const found = [];
  score.forEach((value, x) => {
    if (!(value > LEAST)) return;
    const near = score.subarray(Math.max(0, x - APART), x + APART + 1);
    if (near.some((other) => other > value)) return;
    if (found.length && x - found.at(-1).at(-1) <= APART) found.at(-1).push(x);
    else found.push([x]);
  });
  // Where neighbours are equal, the middle one is taken.
  return found.map((group) => group[group.length >> 1]);
}

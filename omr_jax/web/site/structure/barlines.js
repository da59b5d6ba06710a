// Finds the bar lines of a staff, as omr_jax/structure/barlines.py does: straight ink from its
// upper line to its lower one, all alone. A stem has note heads or beams at its ends, or goes on
// beyond the staff without reaching the next one.

import { barlines, comb, straight as fixed } from './constants.js';
import { maximum, mean, median } from './filters.js';
import { moves, slantedInk, widened } from './straight.js';

const { SPACE } = comb;
const { ABOVE, INK, TALL } = fixed;
const { APART, BEYOND, END, HEAD, IN_SPACE, LEAST, LEAST_INK, ONE_LINE, OUT, OUTSIDE } = barlines;
const { BEAM, BOTH, CROSSING, ENDS, GAP, MIDDLE, OVER, REACH, SLANT, SLANTS } = barlines;
const { ROWS, STEPS, THROUGH, TOUCH, UPRIGHT, WORST } = barlines;
const LOWER = ABOVE + TALL; // The row of the lower line.
const MOVES = SLANTS.map((slant) => moves(ROWS, slant));

/**
 * Log-odds that a bar line crosses the middle line at each column.
 *
 * @param {{values: Float32Array, width: number}} strip The darkness of a staff that is laid out
 *   straight, ROWS rows, and of BEYOND columns beyond each end.
 * @param {Uint8Array} above Whether a stroke goes on from each column to the staff above,
 * @param {Uint8Array} below and whether one goes on to the staff below.
 * @returns {Float32Array} From WORST to UPRIGHT + THROUGH.
 */
export function scores(strip, above, below) {
  const score = new Float32Array(above.length).fill(WORST);
  const usual = usualOf(strip);
  for (const { column, slant } of linesOf(strip)) {
    const at = Math.min(Math.max(column - BEYOND, 0), above.length - 1);
    const dark = around(strip, column, MOVES[slant]);
    // A shaky line leaves its column by a pixel.
    const line = dark.map((row) => row.slice(REACH - 1, REACH + 2).some((each) => each > INK));
    const { upper, lower, middle } = beside(dark, usual);
    const upwards = above[at] ? 0 : lengthOf(line.slice(0, ABOVE - OUTSIDE + 1).reverse());
    const downwards = below[at] ? 0 : lengthOf(line.slice(LOWER + OUTSIDE));
    const missing = line.slice(ABOVE, LOWER + 1).filter((seen) => !seen).length;
    const goesOn = above[at] || below[at] ? 1 : 0;
    const ends = ENDS * (upper + lower) + BOTH * Math.min(upper, lower) + MIDDLE * middle;
    const found = UPRIGHT + SLANT * STEPS[slant] + GAP * missing + ends;
    score[at] = Math.max(
      score[at],
      found + OVER * Math.max(upwards, downwards) + THROUGH * goesOn,
    );
  }
  return score;
}

/** How dark each row of a staff mostly is. */
function usualOf({ values, width }) {
  const sample = new Float32Array(Math.ceil(width / 4));
  return Float32Array.from({ length: ROWS }, (_, y) => {
    for (let n = 0; n < sample.length; n += 1) sample[n] = values[y * width + 4 * n];
    return median(sample);
  });
}

/** The columns of upright lines, and which of the slants each has. */
function linesOf(strip) {
  const { width } = strip;
  const most = new Int32Array(width);
  const slants = new Uint8Array(width);
  MOVES.forEach((moved, slant) => {
    const own = slantedInk(strip, moved, INK).subarray(ABOVE * width, (LOWER + 1) * width);
    const whole = wholeOf(own, widened(own, width, 1), width);
    for (let x = 0; x < width; x += 1) {
      if (whole[x] <= most[x]) continue;
      most[x] = whole[x];
      slants[x] = slant;
    }
  });
  const best = maximum(most, width, 2 * ONE_LINE + 1, 1);
  const columns = Array.from(most.keys()).filter((x) => most[x] > 0 && most[x] === best[x]);
  return middles(columns, ONE_LINE).map((column) => ({ column, slant: slants[column] }));
}

/** How much ink each column has, if it is a whole line; else 0. */
function wholeOf(own, near, width) {
  const counts = Array.from({ length: 5 }, () => new Uint8Array(width)); // The last: lower line.
  const owns = new Uint8Array(width);
  for (let y = 0, i = 0; y <= TALL; y += 1) {
    const count = counts[Math.floor(y / SPACE)];
    for (let x = 0; x < width; x += 1, i += 1) {
      count[x] += near[i];
      owns[x] += own[i];
    }
  }
  const [one, two, three, four, line] = counts;
  return Int32Array.from(line, (last, x) => {
    const seen = one[x] + two[x] + three[x] + four[x] + last;
    const isWhole = seen >= LEAST_INK && Math.min(one[x], two[x], three[x], four[x]) >= IN_SPACE;
    return isWhole ? (TALL + 1) * seen + owns[x] : 0;
  });
}

/** The darkness of REACH columns at both sides of a line, row by row; 0 beyond the strip. */
function around({ values, width }, column, moved) {
  return Array.from(moved, (move, y) =>
    Array.from({ length: 2 * REACH + 1 }, (_, n) => {
      const x = column + move + n - REACH;
      return x >= 0 && x < width ? values[y * width + x] : 0;
    }),
  );
}

/**
 * How much ink touches a line at its upper and its lower end, and between them, on its fuller side:
 * at most 1, for a beam or a note head. Staff lines are beside everything, so only what is darker
 * than they are counts.
 */
function beside(dark, usual) {
  const highs = [1, -1].map((way) => {
    const touching = Float32Array.from(dark, (row, y) => {
      let least = Infinity;
      let sum = 0;
      for (let n = TOUCH; n <= REACH; n += 1) {
        least = Math.min(least, Math.max(row[REACH + way * n] - usual[y], 0));
        // What begins farther from the line does not touch it.
        if (n > TOUCH) sum += least;
      }
      return sum / (REACH - TOUCH);
    });
    return mean(touching, 1, HEAD, 0).map((share) => (share * HEAD) / BEAM);
  });
  const most = highs[0].map((one, y) => {
    const [less, more] = [one, highs[1][y]].sort((a, b) => a - b);
    return Math.min(more - CROSSING * less, 1);
  });
  const among = (first, end) => Math.max(...most.subarray(first, end));
  return {
    upper: among(ABOVE - OUT, ABOVE + END),
    lower: among(LOWER + 1 - END, LOWER + 1 + OUT),
    middle: among(ABOVE + END, LOWER + 1 - END),
  };
}

/** How many values are true before the first that is not. */
function lengthOf(values) {
  const end = values.indexOf(false);
  return end < 0 ? values.length : end;
}

/** The columns of bar lines: the best one within APART columns, if its log-odds suffice. */
export function peaks(score) {
  const columns = Array.from(score.keys()).filter((x) => {
    if (!(score[x] > LEAST)) return false;
    return !score.subarray(Math.max(0, x - APART), x + APART + 1).some((each) => each > score[x]);
  });
  return middles(columns, APART);
}

/** The middle one of each group of columns that are no farther apart than this. */
function middles(columns, apart) {
  const groups = [];
  columns.forEach((x, n) => {
    if (n && x - columns[n - 1] <= apart) groups.at(-1).push(x);
    else groups.push([x]);
  });
  return groups.map((group) => group[group.length >> 1]);
}

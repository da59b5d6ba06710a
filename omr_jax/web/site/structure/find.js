// The whole structure of a page, as omr_jax/structure/find.py finds it: its staves, systems and
// measures. Coordinates are in pixels of the page, x to the right and y down.

import { peaks, scores } from './barlines.js';
import { comb, find, straight as fixed, systems as joining } from './constants.js';
import { maximum, median } from './filters.js';
import { staffSpace } from './scale.js';
import { inPicture, searched } from './staves.js';
import { frame, offsetsOf, rowOf, straight } from './straight.js';
import { crossed, joined, strokes } from './systems.js';

const { SPACE } = comb;
const { ABOVE, INK, TALL } = fixed;
const { BESIDE, JOINED } = joining;
const ROWS = TALL + 2 * ABOVE + 1; // Of a staff that is laid out straight.

/**
 * The structure of a page.
 *
 * @param {{grey: Uint8Array, width: number, height: number}} page Dark ink on bright paper.
 * @param {function(object)} [tell] Told the same as soon as the staves are known, with no systems
 *   and measures yet: finding these takes as long as some windows of the page.
 * @returns {{width: number, height: number, staffSpace: number, staves: object[],
 *   systems: number[][], measures: {staff: number, left: number, right: number}[]}} `staffSpace` is
 *   0 if there are no staves; these are as in staves.js, and go from top to bottom; `systems` has
 *   the places of their staves; `left` and `right` are where bar lines cross the middle line.
 */
export function structureOf(page, tell = () => {}) {
  const looked = searched(page, staffSpace(page));
  const found = inPicture(looked);
  const frames = found.map(frame);
  const known = withStaves(page, found, frames, looked.back);
  tell(known);
  const reach = (ABOVE + TALL / 2) / SPACE;
  const laid = frames.map((each) => {
    const strip = straight(looked, ROWS, rowOf(each, -reach), rowOf(each, reach));
    const score = scores(strip);
    return { frame: each, strip, score, bars: peaks(score), below: null };
  });
  laid.slice(1).forEach((staff, n) => {
    laid[n].below = strokes(looked, laid[n].frame, staff.frame);
  });
  const systems = joined(laid);
  const measures = systems.flatMap((group) => measuresOf(laid, group));
  const [across] = looked.back;
  return {
    ...known,
    systems,
    measures: measures.map(({ staff, left, right }) => ({
      staff,
      left: left * across,
      right: right * across,
    })),
  };
}

/** A structure with staves alone: those that were found, in pixels of the page. */
function withStaves({ width, height }, found, frames, [across, down]) {
  const gaps = frames.map((each) => {
    const lengths = each.down.map((y, n) => Math.hypot(each.across[n], y));
    return lengths.reduce((a, b) => a + b, 0) / lengths.length;
  });
  const staves = found.map(({ x, lines }) => ({
    x: x.map((each) => each * across),
    lines: lines.map((line) => line.map((y) => y * down)),
  }));
  const space = gaps.length ? median(gaps) * down : 0;
  return { width, height, staffSpace: space, staves, systems: [], measures: [] };
}

/**
 * The measures of a system, staff by staff. All its staves decide together where bar lines are:
 * these stand above each other, stems don't.
 */
function measuresOf(laid, group) {
  const mine = group.map((number) => laid[number]);
  const offsets = offsetsOf(mine.map((each) => each.frame));
  const columns = peaks(together(votesOf(mine, offsets)));
  return group.flatMap((staff, k) => {
    const { frame: { x }, strip, score } = mine[k];
    const last = score.length - 1;
    const lines = columns.map((column) => ownOf(score, column - offsets[k]));
    const here = lines.filter(
      (line) => line !== null && line > find.AT_END && line < score.length - find.AT_END,
    );
    const isClosed = lines.some((line) => line !== null && line >= score.length - find.AT_END);
    const edges = [0, ...here, last];
    const parts = edges.slice(1).map((right, n) => [edges[n], right]);
    // The staff lines may go on after the last bar line, without music or with a new signature.
    const isWhole = (left) => isClosed || last - left > find.OPEN;
    const kept = parts.filter(
      ([left, right]) => right < last || (isWhole(left) && hasMusic(strip, left + SPACE, right)),
    );
    return kept.map(([left, right]) => ({
      staff,
      left: x[left] - (left === 0 ? 0.5 : 0),
      right: x[right] + (right === last ? 0.5 : 0),
    }));
  });
}

/**
 * Log-odds of a bar line at each column of a system. Those of each staff come first. Those of two
 * staves whose bar lines go on from one to the other follow: there a column without a stroke
 * between them has none.
 */
function votesOf(staves, offsets) {
  const width = Math.max(...staves.map(({ score }, k) => score.length + offsets[k]));
  const votes = staves.map(({ score }, k) => {
    const vote = score.map((each) => Math.max(each, find.VETO));
    return placed(vote, offsets[k], width, find.VETO);
  });
  staves.slice(1).forEach((lower, k) => {
    const upper = staves[k];
    if (!upper.below) return;
    const goesOn = crossed(upper, lower);
    const count = goesOn.filter(Boolean).length;
    if (!count || count < goesOn.length / 2) return;
    const isThrough = (share) => (share >= JOINED ? find.THROUGH : -find.THROUGH);
    const vote = upper.below.slice(BESIDE).map(isThrough);
    votes.push(placed(vote, Math.min(offsets[k], offsets[k + 1]), width, -find.THROUGH));
  });
  return votes;
}

/** A vote among the columns of its system: in each the highest within a staff space. */
function placed(vote, offset, width, beyond) {
  const whole = new Float32Array(width).fill(beyond);
  whole.set(vote.subarray(0, width - offset), offset);
  return maximum(whole, width, 2 * SPACE + 1, 1);
}

/** The mean of several votes. */
function together(votes) {
  return votes[0].map((_, x) => votes.reduce((sum, vote) => sum + vote[x], 0) / votes.length);
}

/** The column of a staff's own bar line near that of its system; null where it has none. */
function ownOf(score, column) {
  const first = Math.max(0, column - SPACE);
  const near = score.subarray(first, Math.max(first, column + SPACE + 1));
  if (!near.length) return null;
  const best = Math.max(...near);
  if (best < find.UNLIKELY) return null;
  const places = Array.from(near.keys()).filter((n) => near[n] === best);
  return first + Math.floor(places.reduce((a, b) => a + b, 0) / places.length);
}

function hasMusic({ values, width }, first, end) {
  let count = 0;
  for (let row = 0; row < ROWS; row += 1) {
    const isLine = [-2, -1, 0, 1, 2].some(
      (line) => Math.abs(row - ABOVE - TALL / 2 - line * SPACE) <= 2,
    );
    if (isLine) continue;
    for (let x = first; x < end; x += 1) if (values[row * width + x] > INK) count += 1;
  }
  return count > find.SYMBOL;
}

// The whole structure of a page, as omr_jax/structure/find.py finds it: its staves, systems and
// measures. Coordinates are in pixels of the page, x to the right and y down.

import { peaks, scores } from './barlines.js';
import { comb, find, straight as fixed } from './constants.js';
import { maximum, median } from './filters.js';
import { staffSpace } from './scale.js';
import { inPicture, searched } from './staves.js';
import { frame, rowOf, straight } from './straight.js';
import { joined } from './systems.js';

const { SPACE } = comb;
const { ABOVE, INK, TALL } = fixed;
const ROWS = TALL + 2 * ABOVE + 1; // Of a staff that is laid out straight.

/**
 * The structure of a page.
 *
 * @param {{grey: Uint8Array, width: number, height: number}} page Dark ink on bright paper.
 * @returns {{width: number, height: number, staffSpace: number, staves: object[],
 *   systems: number[][], measures: {staff: number, left: number, right: number}[]}} `staffSpace` is
 *   0 if there are no staves; these are as in staves.js, and go from top to bottom; `systems` has
 *   the places of their staves; `left` and `right` are where bar lines cross the middle line.
 */
export function structureOf(page) {
  const { width, height } = page;
  const space = staffSpace(page);
  const nothing = { width, height, staffSpace: 0, staves: [], systems: [], measures: [] };
  if (!space) return nothing;
  const looked = searched(page, space);
  const found = inPicture(looked);
  if (!found.length) return nothing;
  const frames = found.map(frame);
  const reach = (ABOVE + TALL / 2) / SPACE;
  const laid = frames.map((each) => {
    const strip = straight(looked, ROWS, rowOf(each, -reach), rowOf(each, reach));
    return { frame: each, strip, score: scores(strip) };
  });
  const systems = joined(looked, frames, laid.map(({ score }) => peaks(score)));
  const measures = systems.flatMap((group) => measuresOf(laid, group));
  const [across, down] = looked.back;
  const gaps = frames.map((each) => {
    const lengths = each.down.map((y, n) => Math.hypot(each.across[n], y));
    return lengths.reduce((a, b) => a + b, 0) / lengths.length;
  });
  return {
    width,
    height,
    staffSpace: median(gaps) * down,
    staves: found.map(({ x, lines }) => ({
      x: x.map((each) => each * across),
      lines: lines.map((line) => line.map((y) => y * down)),
    })),
    systems,
    measures: measures.map(({ staff, left, right }) => ({
      staff,
      left: left * across,
      right: right * across,
    })),
  };
}

/**
 * The measures of a system, staff by staff. All its staves decide together where bar lines are:
 * these stand above each other, stems don't.
 */
function measuresOf(laid, group) {
  const mine = group.map((number) => laid[number]);
  const offsets = offsetsOf(mine.map((each) => each.frame));
  const columns = peaks(together(mine.map((each) => each.score), offsets));
  return group.flatMap((staff, k) => {
    const { frame: { x }, strip, score } = mine[k];
    const last = score.length - 1;
    const lines = columns.map((column) => ownOf(score, column - offsets[k]));
    const here = lines.filter(
      (line) => line !== null && line > find.AT_END && line < score.length - find.AT_END,
    );
    const edges = [0, ...here, last];
    const parts = edges.slice(1).map((right, n) => [edges[n], right]);
    // The staff lines may go on after the last bar line, without music.
    const kept = parts.filter(
      ([left, right]) => right < last || hasMusic(strip, left + SPACE, right),
    );
    return kept.map(([left, right]) => ({
      staff,
      left: x[left] - (left === 0 ? 0.5 : 0),
      right: x[right] + (right === last ? 0.5 : 0),
    }));
  });
}

/** The mean vote of the staves of a system, each the best near by, above each other. */
function together(found, offsets) {
  const width = Math.max(...found.map((score, k) => score.length + offsets[k]));
  const sum = new Float32Array(width);
  found.forEach((score, k) => {
    const votes = new Float32Array(width).fill(find.VETO);
    votes.set(score.map((each) => Math.max(each, find.VETO)), offsets[k]);
    maximum(votes, width, 2 * SPACE + 1, 1).forEach((value, x) => {
      sum[x] += value;
    });
  });
  return sum.map((each) => each / found.length);
}

/** How many columns farther right each staff begins than the leftmost one, along their lines. */
function offsetsOf(frames) {
  const mean = (value) => frames.reduce((sum, each) => sum + value(each), 0) / frames.length;
  const [x, y] = [mean((f) => f.x.at(-1) - f.x[0]), mean((f) => f.y.at(-1) - f.y[0])];
  const length = Math.max(Math.hypot(x, y), 1);
  const begins = frames.map((f) => Math.round((f.x[0] * x + f.y[0] * y) / length));
  return begins.map((begin) => begin - Math.min(...begins));
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

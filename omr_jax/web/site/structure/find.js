// The whole structure of a page, as omr_jax/structure/find.py finds it: its staves, systems and
// measures. Coordinates are in pixels of the page, x to the right and y down.

import { peaks, scores } from './barlines.js';
import { barlines, comb, find, straight as fixed, systems as joining } from './constants.js';
import { maximum, median } from './filters.js';
import { staffSpaces } from './scale.js';
import { inPicture, searched } from './staves.js';
import { frame, offsetsOf, rowOf, straight } from './straight.js';
import { crossed, joined, onwards, strokes } from './systems.js';

const { SPACE } = comb;
const { ABOVE, INK, TALL } = fixed;
const { BEYOND, ROWS, WORST } = barlines; // A staff that is laid out straight has ROWS.
const { BESIDE, JOINED } = joining;

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
  const { looked, found } = searchedBest(page);
  const frames = found.map(frame);
  const known = withStaves(page, found, frames, looked.back);
  tell(known);
  const reach = (ABOVE + TALL / 2) / SPACE;
  const between = frames.slice(1).map((each, n) => strokes(looked, frames[n], each));
  const goesOn = onwards(frames, between);
  const laid = frames.map((each, n) => {
    const [first, last] = [-reach, reach].map((spaces) =>
      rowOf(each, spaces, BEYOND, each.x.length + BEYOND),
    );
    const strip = straight(looked, ROWS, first, last);
    const score = scores(strip, goesOn[n].above, goesOn[n].below);
    return { frame: each, strip, score, bars: peaks(score), below: between[n] ?? null };
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

/** The page as it is searched, and its staves, for that staff space with which most are found. */
function searchedBest(page) {
  const spaces = staffSpaces(page);
  const both = (spaces.length ? spaces : [0]).map((space) => {
    const looked = searched(page, space);
    return { looked, found: inPicture(looked) };
  });
  return both.reduce((best, each) => (each.found.length > best.found.length ? each : best));
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

/** The measures of a system, staff by staff. */
function measuresOf(laid, group) {
  const mine = group.map((number) => laid[number]);
  const linesOf = linesIn(mine);
  return group.flatMap((staff, k) => {
    const { frame: { x }, strip, score } = mine[k];
    const last = score.length - 1;
    const here = linesOf[k].filter((line) => line > find.AT_END && line <= last - find.AT_END);
    const [closing] = linesOf[k].filter((line) => Math.abs(line - last) < find.AT_END);
    const isClosed = closing !== undefined;
    const edges = [0, ...here, isClosed ? Math.min(closing, last) : last];
    const parts = edges.slice(1).map((right, n) => [edges[n], right]);
    // The staff lines may go on after the last bar line, without music or with a new signature.
    const begin = isClosed ? SPACE : find.SIGNATURE;
    const kept = parts.filter(
      ([left, right]) => here.includes(right) || hasMusic(strip, left + begin, right),
    );
    return kept.map(([left, right]) => ({
      staff,
      left: x[left] - (left === 0 ? 0.5 : 0),
      right: x[right] + (right === last ? 0.5 : 0),
    }));
  });
}

/**
 * The columns of the bar lines of a system, for each of its staves. All staves decide together
 * where bar lines are: these stand above each other, stems don't. The mean of the votes along a
 * line counts, and it leans by up to a staff space from staff to staff.
 */
function linesIn(staves) {
  const offsets = offsetsOf(staves.map((each) => each.frame));
  const width = Math.max(...staves.map(({ score }, k) => score.length + offsets[k]));
  const votes = staves.map(({ score }, k) => {
    const vote = score.map((each) => Math.max(each, find.VETO));
    return placed(vote, offsets[k], width, find.VETO);
  });
  let total = votes[0];
  let count = votes.length;
  const befores = [];
  votes.slice(1).forEach((vote, k) => {
    const offset = Math.min(offsets[k], offsets[k + 1]);
    const through = throughOf(staves[k], staves[k + 1], offset, width);
    if (through) count += 1;
    const before = through ? total.map((each, x) => each + through[x]) : total;
    befores.push(before);
    const most = maximum(before, width, 2 * find.LEAN + 1, 1);
    total = vote.map((each, x) => each + most[x]);
  });
  const paths = peaks(total.map((each) => each / count)).map((column) => pathOf(befores, column));
  return staves.map(({ score }, k) => ownOf(score, paths.map((path) => path[k] - offsets[k])));
}

/** The columns of a bar line in all staves of a system, from its column in the last one. */
function pathOf(befores, column) {
  const path = [column];
  for (const before of [...befores].reverse()) {
    const first = Math.max(0, path[0] - find.LEAN);
    const near = before.subarray(first, path[0] + find.LEAN + 1);
    const most = Math.max(...near);
    const best = Array.from(near.keys(), (n) => first + n).filter((x) => before[x] === most);
    const far = (x) => Math.abs(x - path[0]);
    path.unshift(best.reduce((a, b) => (far(b) < far(a) ? b : a)));
  }
  return path;
}

/**
 * Those bar lines of a system that a staff has too. Where it lacks one in its ink it may be faint;
 * but where it lacks most, it has no others.
 */
function ownOf(score, columns) {
  const seen = columns.filter((column) => score[Math.max(0, column)] > WORST);
  return 2 * seen.length >= columns.length ? columns : seen;
}

/**
 * The votes of the strokes from one staff to the next; null where bar lines don't go on there.
 * Where they do, a column without a stroke has no bar line.
 */
function throughOf(upper, lower, offset, width) {
  if (!upper.below) return null;
  const goesOn = crossed(upper, lower);
  const count = goesOn.filter(Boolean).length;
  if (!count || count < goesOn.length / 2) return null;
  const inked = upper.below.subarray(BESIDE);
  const near = maximum(inked, inked.length, 2 * SPACE + 1, 1);
  const vote = near.map((share) => (share >= JOINED ? find.THROUGH : find.ALONE));
  return placed(vote, offset, width, find.ALONE);
}

/** A vote among the columns of its system. */
function placed(vote, offset, width, beyond) {
  const whole = new Float32Array(width).fill(beyond);
  whole.set(vote.subarray(0, width - offset), offset);
  return whole;
}

/** Whether there is ink between the staff lines, from one column of a staff to another. */
function hasMusic({ values, width }, first, end) {
  let count = 0;
  for (let row = 0; row < ROWS; row += 1) {
    const isLine = [-2, -1, 0, 1, 2].some(
      (line) => Math.abs(row - ABOVE - TALL / 2 - line * SPACE) <= 2,
    );
    if (isLine) continue;
    const begin = row * width + BEYOND;
    for (let x = first; x < end; x += 1) if (values[begin + x] > INK) count += 1;
  }
  return count > find.SYMBOL;
}

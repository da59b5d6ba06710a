// From a detector's two maps to boxes, as in omr_jax/inputs/peaks.py.

import { peaks } from '../structure/constants.js';

const { LARGEST, MOST, SMALLEST } = peaks;
const { fround } = Math;

/**
 * The objects of a window, the most confident first.
 *
 * @param {{heat: Float32Array, edges: Float32Array}} maps For each cell, row by row, the log-odds
 *   of each class, and for each kind of box the four numbers from which it follows.
 * @param {object} about Content of model.json.
 * @param {number} least Objects with lower log-odds are left out.
 * @returns {{box: number[], label: number, logOdds: number}[]} Left, top, right and bottom edge in
 *   pixels of the window; and the place of the class in `about.classes`.
 */
export function found({ heat, edges }, about, least) {
  const { cell, kinds, same } = about.preparation;
  const columns = about.picture.side / cell;
  const objects = peaksOf(heat, columns, about.classes.length, least).slice(0, MOST);
  const boxes = edges.length / (heat.length / about.classes.length) / 4; // Of a cell.
  const kept = new Map(); // The boxes of each class.
  return objects.flatMap(({ place, label, logOdds }) => {
    const first = 4 * (boxes * place + kinds[label]);
    const numbers = edges.subarray(first, first + 4);
    const box = boxAt(numbers, Math.floor(place / columns), place % columns, cell);
    const others = kept.get(label) ?? [];
    if (others.some((other) => overlap(box, other) > same)) return [];
    kept.set(label, [...others, box]);
    return [{ box, label, logOdds }];
  });
}

/** Cells and classes where the log-odds have a local maximum, the highest first. */
function peaksOf(heat, columns, classes, least) {
  const rows = heat.length / (columns * classes);
  const found = [];
  for (let i = 0; i < heat.length; i += 1) {
    const value = heat[i];
    if (value < least) continue;
    const label = i % classes;
    const place = (i - label) / classes;
    const [row, column] = [Math.floor(place / columns), place % columns];
    let isPeak = true;
    for (let y = Math.max(0, row - 1); y <= Math.min(row + 1, rows - 1); y += 1) {
      for (let x = Math.max(0, column - 1); x <= Math.min(column + 1, columns - 1); x += 1) {
        isPeak &&= value >= heat[(y * columns + x) * classes + label];
      }
    }
    if (isPeak) found.push({ place, label, logOdds: value });
  }
  return found.sort((a, b) => b.logOdds - a.logOdds);
}

/** The box of an object in a cell: left, top, right and bottom edge in pixels. */
function boxAt([right, down, width, height], row, column, cell) {
  const [x, y] = [column + 0.5 + right, row + 0.5 + down];
  const [low, high] = [Math.log(SMALLEST / cell), Math.log(LARGEST / cell)];
  const half = (size) => Math.exp(Math.min(Math.max(size, low), high)) / 2;
  const box = [x - half(width), y - half(height), x + half(width), y + half(height)];
  return box.map((edge) => fround(edge) * cell);
}

/** Intersection over union of two boxes. */
function overlap(one, other) {
  const inner = one.map((edge, n) => (n < 2 ? Math.max : Math.min)(edge, other[n]));
  const shared = area(inner);
  const union = area(one) + area(other) - shared;
  return union > 0 ? shared / union : 0;
}

function area([left, top, right, bottom]) {
  return Math.max(0, right - left) * Math.max(0, bottom - top);
}

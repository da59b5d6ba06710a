// A staff, and what is around it, laid out straight, as in omr_jax/structure/straight.py. A frame
// is {x, y, across, down}: for each column a point of the middle line, and one staff space down,
// across the lines. A strip is {values, width}: its pixels, row by row.

import { halfToEven } from '../network/resize.js';
import { comb } from './constants.js';
import { gaussian, interpolated } from './filters.js';

/** The frame of a staff, with one column for each pixel along it, at SPACE pixels a staff space. */
export function frame({ x: points, lines }) {
  const [left, right] = [points[0], points.at(-1)];
  const x = Float64Array.from({ length: Math.ceil(right - left) }, (_, n) => left + n + 0.5);
  const [upper, middle, lower] = [lines[0], lines[2], lines[4]].map((y) =>
    interpolated(x, points, y),
  );
  const slope = gaussian(gradient(middle), 2 * comb.SPACE, 'nearest');
  const gap = upper.map((y, n) => (lower[n] - y) / 4);
  // The foot of the perpendicular on the next line is nearer than the point straight below.
  const shorter = slope.map((each) => 1 / (1 + each ** 2));
  const across = slope.map((each, n) => -each * gap[n] * shorter[n]);
  return { x, y: middle, across, down: gap.map((each, n) => each * shorter[n]) };
}

/** Half the difference of the neighbours of each value; at the ends that to the next value. */
function gradient(line) {
  const last = line.length - 1;
  return line.map((_, n) => {
    const [before, after] = [Math.max(0, n - 1), Math.min(last, n + 1)];
    return (line[after] - line[before]) / Math.max(1, after - before);
  });
}

/**
 * The darkness at places between two curves, 0 beyond the picture.
 *
 * @param {{dark: Float32Array, width: number, height: number}} page
 * @param {number} rows How many rows the strip has, at equal distances.
 * @param {{x: Float64Array, y: Float64Array}} from The places of the first row.
 * @param {{x: Float64Array, y: Float64Array}} to Those of the last row.
 * @returns {{values: Float32Array, width: number}}
 */
export function straight({ dark, width, height }, rows, from, to) {
  const columns = from.x.length;
  const values = new Float32Array(rows * columns);
  for (let row = 0, i = 0; row < rows; row += 1) {
    const share = row / (rows - 1);
    for (let column = 0; column < columns; column += 1, i += 1) {
      const x = from.x[column] + share * (to.x[column] - from.x[column]) - 0.5;
      const y = from.y[column] + share * (to.y[column] - from.y[column]) - 0.5;
      if (!(x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1)) continue;
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const over = left < width - 1 ? 1 : 0;
      const upper = top * width + left;
      const lower = top < height - 1 ? upper + width : upper;
      const above = dark[upper] + (x - left) * (dark[upper + over] - dark[upper]);
      const below = dark[lower] + (x - left) * (dark[lower + over] - dark[lower]);
      values[i] = above + (y - top) * (below - above);
    }
  }
  return { values, width: columns };
}

/**
 * The points of a row of a frame.
 *
 * @param {object} frame
 * @param {number} spaces How many staff spaces below the middle line.
 * @param {number} [before] So many columns come before the first one; there the line goes straight
 *   on, and so it does behind the last one.
 * @param {number} [count] Columns from the first one on.
 * @returns {{x: Float64Array, y: Float64Array}}
 */
export function rowOf({ x, y, across, down }, spaces, before = 0, count = x.length) {
  const [xs, ys] = [0, 1].map(() => new Float64Array(before + count));
  for (let n = 0; n < xs.length; n += 1) {
    const column = Math.min(Math.max(n - before, 0), x.length - 1);
    const far = n - before - column;
    xs[n] = x[column] + far + spaces * across[column];
    ys[n] = y[column] - (far * across[column]) / down[column] + spaces * down[column];
  }
  return { x: xs, y: ys };
}

/** How many columns farther right each staff begins than the leftmost one, along their lines. */
export function offsetsOf(frames) {
  const mean = (value) => frames.reduce((sum, each) => sum + value(each), 0) / frames.length;
  const [x, y] = [mean((f) => f.x.at(-1) - f.x[0]), mean((f) => f.y.at(-1) - f.y[0])];
  const length = Math.max(Math.hypot(x, y), 1);
  const begins = frames.map((f) => Math.round((f.x[0] * x + f.y[0] * y) / length));
  return begins.map((begin) => begin - Math.min(...begins));
}

/**
 * How far each row of a strip moves so that a line of this slant becomes a column.
 *
 * @param {number} rows
 * @param {number} slant Columns to the right for each row down, with the middle row as the pivot.
 */
export function moves(rows, slant) {
  return Int32Array.from({ length: rows }, (_, row) => halfToEven(slant * (row - (rows - 1) / 2)));
}

/** 1 where the pixels of a strip, moved by `moves`, are ink, else 0. */
export function slantedInk({ values, width }, moved, least) {
  const found = new Uint8Array(values.length);
  moved.forEach((move, row) => {
    const [first, end] = [Math.max(0, -move), Math.min(width, width - move)];
    for (let x = first, i = row * width; x < end; x += 1) {
      if (values[i + x + move] > least) found[i + x] = 1;
    }
  });
  return found;
}

/** As ink of 1 and 0, but with 1 also for `reach` pixels at both sides of each 1 in its row. */
export function widened(ink, width, reach) {
  const found = new Uint8Array(ink.length);
  for (let i = 0; i < ink.length; i += width) {
    for (let x = 0, done = 0; x < width; x += 1) {
      if (!ink[i + x]) continue;
      const end = Math.min(x + reach + 1, width);
      for (let near = Math.max(x - reach, done); near < end; near += 1) found[i + near] = 1;
      done = end;
    }
  }
  return found;
}

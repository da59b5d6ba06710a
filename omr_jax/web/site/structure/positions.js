// On which staff a symbol is, and how high, as omr_jax/structure/positions.py says.

import { halfToEven } from '../network/resize.js';
import { positions, structure } from './constants.js';
import { interpolated } from './filters.js';

const { LINES } = structure;

/**
 * The staff of a symbol, and its position there.
 *
 * A symbol is on the staff that is nearest to it. It is on none if it is far from all of them, or
 * reaches from one to another, as a brace does.
 *
 * @param {{x: Float64Array, lines: Float64Array[]}[]} staves
 * @param {number[]} box Left, top, right and bottom edge of the symbol.
 * @param {number} anchor Where in its box it has the line or space that it stands for, from 0 (top)
 *   to 1 (bottom).
 * @returns {{staff: ?number, position: ?number}} The place of its staff in `staves`; and the number
 *   of half staff spaces from the middle line, upwards positive.
 */
export function positionOf(staves, [left, top, right, bottom], anchor) {
  const x = (left + right) / 2;
  let nearest = null;
  let crossed = 0;
  staves.forEach((staff, number) => {
    const { height, beside } = heightOf(staff, x, top + anchor * (bottom - top));
    if (!nearest || Math.abs(height) < Math.abs(nearest.height)) {
      nearest = { number, height, beside };
    }
    crossed += heightOf(staff, x, top).height >= 0 && heightOf(staff, x, bottom).height <= 0;
  });
  const isNear =
    nearest &&
    Math.abs(nearest.height) <= LINES - 1 + 2 * positions.ABOVE &&
    nearest.beside <= positions.BESIDE;
  if (!isNear || crossed > 1) return { staff: null, position: null };
  return { staff: nearest.number, position: halfToEven(nearest.height) };
}

/** Half staff spaces above the middle line, and staff spaces beyond the ends, of a point. */
function heightOf({ x: points, lines }, x, y) {
  const [upper, middle, lower] = [0, (LINES - 1) / 2, LINES - 1].map(
    (line) => interpolated([x], points, lines[line])[0],
  );
  const space = (lower - upper) / (LINES - 1);
  const beside = Math.max(points[0] - x, x - points.at(-1)) / space;
  return { height: (2 * (middle - y)) / space, beside };
}

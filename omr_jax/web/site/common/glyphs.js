// Symbols as somebody writes them, made up by code: strokes of each class, and small pictures.

import { svg } from './svg.js';

const MARGIN = 6; // Units around a symbol in its small picture.

let strokes = null; // Promise of the strokes by class.

/**
 * The strokes of a symbol of each class.
 *
 * @returns {Promise<Object<string, number[][][]>>} For each class its strokes, for each stroke its
 *   points [x, y], in the unit of the training data; empty if they do not come.
 */
export function madeUp() {
  strokes ??= fetch(new URL('./glyphs.json', import.meta.url))
    .then((response) => (response.ok ? response.json() : {}))
    .catch(() => {
      strokes = null;
      return {};
    });
  return strokes;
}

/** A small picture of strokes, which has the colour of text. */
export function glyph(lines) {
  const [left, top, right, bottom] = boxOf(lines);
  const side = Math.max(right - left, bottom - top, 30) + 2 * MARGIN;
  const [x, y] = [(left + right - side) / 2, (top + bottom - side) / 2];
  const viewBox = `${x} ${y} ${side} ${side}`;
  const drawn = svg('svg', { class: 'glyph', 'aria-hidden': 'true', viewBox });
  drawn.append(...lines.map((line) => svg('polyline', { points: [line[0], ...line].join(' ') })));
  return drawn;
}

/** Left, top, right and bottom of strokes. */
export function boxOf(lines) {
  const [xs, ys] = [0, 1].map((axis) => lines.flat().map((point) => point[axis]));
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

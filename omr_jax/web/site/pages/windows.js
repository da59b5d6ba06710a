// From a page to the windows that a detector reads, and from boxes in windows back to the page, as
// in omr_jax/inputs/windows.py.

import { halfToEven, resize } from '../network/resize.js';
import { darkness } from '../structure/scale.js';
import { found } from './peaks.js';

const WHITE = 255;

/**
 * Cuts a page into windows.
 *
 * @param {{grey: Uint8Array, width: number, height: number}} page Dark ink on bright paper.
 * @param {number} staffSpace The distance of two staff lines in pixels, above 0.
 * @param {object} about Content of model.json.
 * @returns {{windows: {corner: number[], core: number[], pixels: Uint8Array}[], scale: number[]}}
 *   For each window x and y of its upper left corner on the resized page, the edges of its core
 *   and its pixels, row by row; and how many times as wide and as high the resized page is.
 */
export function cut(page, staffSpace, { picture, preparation }) {
  const { side } = picture;
  const { ink } = preparation;
  const [width, height] = [page.width, page.height].map((each) =>
    Math.max(1, halfToEven(each * (picture.space / staffSpace))),
  );
  const light = darkness(page, Uint8Array, (dark) =>
    halfToEven(Math.fround(Math.fround(1 - dark) * WHITE)),
  );
  const grey = resize(light, page.width, [0, 0, page.width, page.height], width, height);
  const windows = [];
  for (const [top, upper, lower] of spread(inRows(grey, width, ink), side, preparation)) {
    const row = grey.subarray(Math.max(0, top + upper) * width, (top + lower) * width);
    const inked = inColumns(row, width, ink);
    for (const [left, start, end] of spread(inked, side, preparation)) {
      if (!inked.subarray(Math.max(0, left + start), left + end).includes(1)) continue;
      const pixels = square(grey, width, height, left, top, side);
      windows.push({ corner: [left, top], core: [start, upper, end, lower], pixels });
    }
  }
  return { windows, scale: [width / page.width, height / page.height] };
}

/**
 * Spreads windows along an axis, from the first ink to the last, at about equal distances: for each
 * its first pixel, and the ends of its core in it.
 */
function spread(inked, side, { margin, border, step }) {
  if (!inked.includes(1)) return [];
  const first = Math.floor((inked.indexOf(1) - border) / step) * step;
  const left = inked.lastIndexOf(1) + 1 + border - first - side; // Pixels after the first window.
  const more = Math.ceil(left / (side - 2 * margin)); // Windows after it.
  if (more <= 0) return [[first + Math.ceil(Math.floor(left / 2) / step) * step, 0, side]];
  const starts = Array.from({ length: more + 1 }, (_, n) =>
    first + Math.ceil((n * left) / (more * step)) * step,
  );
  const middle = (n) => Math.floor((starts[n - 1] + starts[n] + side) / 2);
  return starts.map((start, n) => [
    start,
    n ? middle(n) - start : 0,
    n < more ? middle(n + 1) - start : side,
  ]);
}

/** 1 for each row of a picture that has ink. */
function inRows(grey, width, ink) {
  return Uint8Array.from({ length: grey.length / width }, (_, y) =>
    grey.subarray(y * width, (y + 1) * width).some((value) => value < ink) ? 1 : 0,
  );
}

/** 1 for each column of a picture that has ink. */
function inColumns(grey, width, ink) {
  const found = new Uint8Array(width);
  for (let i = 0, x = 0; i < grey.length; i += 1, x += 1) {
    if (x === width) x = 0;
    if (grey[i] < ink) found[x] = 1;
  }
  return found;
}

/** A part of a picture, white beyond its edges. */
function square(grey, width, height, left, top, side) {
  const pixels = new Uint8Array(side * side).fill(WHITE);
  const [first, end] = [Math.max(0, left), Math.min(width, left + side)];
  for (let y = Math.max(0, top); y < Math.min(height, top + side); y += 1) {
    const row = grey.subarray(y * width + first, y * width + end);
    pixels.set(row, (y - top) * side + first - left);
  }
  return pixels;
}

/**
 * The objects that belong to a window: those whose middle is in its core.
 *
 * @param {{heat: Float32Array, edges: Float32Array}} maps What the network has found in the window.
 * @param {{corner: number[], core: number[]}} window See `cut`.
 * @param {number[]} scale See `cut`.
 * @param {number} least Objects with lower log-odds are left out.
 * @param {object} about Content of model.json.
 * @returns {{box: number[], label: number, logOdds: number}[]} As `found`, but with boxes in pixels
 *   of the page.
 */
export function objects(maps, { corner, core }, scale, least, about) {
  return found(maps, about, least)
    .filter(({ box }) => inCore(box, core))
    .map((each) => ({ ...each, box: onPage(each.box, corner, scale) }));
}

function inCore(box, core) {
  const middles = [0, 1].map((n) => (box[n] + box[n + 2]) / 2);
  return middles.every((middle, n) => middle >= core[n] && middle < core[n + 2]);
}

function onPage(box, corner, scale) {
  return box.map((edge, n) => (edge + corner[n % 2]) / scale[n % 2]);
}

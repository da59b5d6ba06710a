// From a page to the windows that a detector reads, and from boxes in windows back to the page, as
// in omr_jax/inputs/windows.py.

import { halfToEven, resize } from '../network/resize.js';
import { darkness } from '../structure/scale.js';
import { found } from './peaks.js';

const WHITE = 255;
const BLANK = 0.8 * WHITE; // Paper is brighter, and faint ink darker.

/**
 * Cuts a page into windows. Those without ink in their core are left out, unlike in Python: nothing
 * is there, and on most pages a quarter of them are so.
 *
 * @param {{grey: Uint8Array, width: number, height: number}} page Dark ink on bright paper.
 * @param {number} staffSpace The distance of two staff lines in pixels, above 0.
 * @param {object} about Content of model.json.
 * @returns {{windows: {corner: number[], pixels: Uint8Array}[], scale: number[]}} For each window x
 *   and y of its upper left corner on the resized page, and its pixels, row by row; and how many
 *   times as wide and as high the resized page is.
 */
export function cut(page, staffSpace, { picture, preparation }) {
  const { side } = picture;
  const { margin } = preparation;
  const core = side - 2 * margin;
  const [width, height] = [page.width, page.height].map((each) =>
    Math.max(1, halfToEven(each * (picture.space / staffSpace))),
  );
  const light = darkness(page, Uint8Array, (dark) =>
    halfToEven(Math.fround(Math.fround(1 - dark) * WHITE)),
  );
  const grey = resize(light, page.width, [0, 0, page.width, page.height], width, height);
  const windows = [];
  for (let y = -margin; y + margin < height; y += core) {
    for (let x = -margin; x + margin < width; x += core) {
      const pixels = square(grey, width, height, x, y, side);
      if (hasInk(pixels, side, margin)) windows.push({ corner: [x, y], pixels });
    }
  }
  return { windows, scale: [width / page.width, height / page.height] };
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

/** Whether the core of a window is more than paper. */
function hasInk(pixels, side, margin) {
  for (let y = margin; y < side - margin; y += 1) {
    const row = pixels.subarray(y * side + margin, (y + 1) * side - margin);
    if (row.some((value) => value < BLANK)) return true;
  }
  return false;
}

/**
 * The objects that belong to a window: those whose middle is in its core.
 *
 * @param {{heat: Float32Array, edges: Float32Array}} maps What the network has found in the window.
 * @param {number[]} corner x and y of the window's upper left corner.
 * @param {number[]} scale See `cut`.
 * @param {number} least Objects with lower log-odds are left out.
 * @param {object} about Content of model.json.
 * @returns {{box: number[], label: number, logOdds: number}[]} As `found`, but with boxes in pixels
 *   of the page.
 */
export function objects(maps, corner, scale, least, about) {
  return found(maps, about, least)
    .filter(({ box }) => inCore(box, about))
    .map((each) => ({ ...each, box: onPage(each.box, corner, scale) }));
}

function inCore([left, top, right, bottom], { picture, preparation: { margin } }) {
  const middles = [(left + right) / 2, (top + bottom) / 2];
  return middles.every((middle) => middle >= margin && middle < picture.side - margin);
}

function onPage(box, corner, scale) {
  return box.map((edge, n) => (edge + corner[n % 2]) / scale[n % 2]);
}

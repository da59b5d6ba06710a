// The ink of a picture of one symbol, as the network reads it. The steps are those of the Python
// package, which model.json has in words, and so are the numbers.

import { Lasting } from '../common/lasting.js';
import { median } from '../structure/filters.js';
import { areaOf, depths, pieces } from './pieces.js';
import { halfToEven, resize } from './resize.js';

const CONTRAST = 20; // Least difference between paper and ink, in grey levels,
const DEVIATIONS = 3; // and in standard deviations of the paper.
const LIGHT_BORDER = 1 / 3; // Least share of light pixels along the border of light paper.
const EDGE = 0.1; // Of the shorter side: how far bits of paper along a cut reach.
const SPECK = 0.3; // Smallest area of a piece of ink, in squares of the pen's width.
const PEN = 10; // Width of the pen in pixels when specks are removed the second time.
const LONGEST_INK = 512; // Longest side of the ink then.
const MOST_PIECES = 64; // Of ink and paper in one symbol.

const NO_INK = 'There is no ink here: put the box around one symbol, with some paper around it.';
const TOO_MANY = 'There is more than one symbol here, or noise: make the box smaller.';

/**
 * The picture that the network reads.
 *
 * @param {Uint8ClampedArray} rgba Pixels of one symbol and the paper around it.
 * @param {number} width Width of that picture in pixels.
 * @param {object} drawing `picture` of model.json.
 * @returns {Uint8Array} [drawing.height, drawing.width], ink dark on white.
 * @throws {Error} There is no ink, or too much; the message is for the user.
 */
export function inked(rgba, width, drawing) {
  const grey = new Uint8Array(rgba.length / 4);
  for (let i = 0, j = 0; i < grey.length; i += 1, j += 4) {
    grey[i] = Math.floor((299 * rgba[j] + 587 * rgba[j + 1] + 114 * rgba[j + 2] + 500) / 1000);
  }
  const found = inkOf(evened(grey, width), width);
  const [left, top, right, bottom] = boxOf(found.ink, found.width);
  const black = found.ink.map((each) => (each ? 0 : 255));
  const fits = [drawing.width / (right - left), drawing.height / (bottom - top)].map((zoom) =>
    Math.min(zoom, drawing.max_zoom ?? Infinity),
  );
  const most = Math.min(...fits) * (drawing.max_stretch ?? Infinity);
  const [columns, rows] = fits.map((zoom, axis) => {
    const side = axis ? bottom - top : right - left;
    const room = axis ? drawing.height : drawing.width;
    return Math.min(room, Math.max(1, halfToEven(side * Math.min(zoom, most))));
  });
  const box = [left, top, right, bottom];
  const small = resize(black, found.width, box, columns, rows, 'lanczos');
  const canvas = new Uint8Array(drawing.width * drawing.height).fill(255);
  const [x, y] = [(drawing.width - columns) >> 1, (drawing.height - rows) >> 1];
  for (let row = 0; row < rows; row += 1) {
    canvas.set(small.subarray(row * columns, (row + 1) * columns), (y + row) * drawing.width + x);
  }
  return canvas;
}

/** The picture without a slope of its light: of four guesses, the one that parts ink best. */
function evened(grey, width) {
  const height = grey.length / width;
  const side = (start, step, count) =>
    median(Array.from({ length: count }, (_, i) => grey[start + i * step]));
  const along = (rise, i, count) => (count > 1 ? rise * (i / (count - 1) - 0.5) : -rise / 2);
  const down = side((height - 1) * width, 1, width) - side(0, 1, width);
  const across = side(width - 1, width, height) - side(0, width, height);
  const guesses = [
    [0, 0],
    [down, 0],
    [0, across],
    [down, across],
  ];
  let best = null;
  for (const [dy, dx] of guesses) {
    const flat = grey.map((value, i) => {
      const y = Math.floor(i / width);
      const plane = along(dy, y, height) + along(dx, i - y * width, width);
      return Math.min(255, Math.max(0, Math.floor(value - plane + 0.5)));
    });
    const { left } = otsu(flat);
    if (!best || left < best.left) best = { flat, left };
  }
  return best.flat;
}

/** The steps from the threshold on: ink is 1, framed by paper; and the width of that picture. */
function inkOf(given, width) {
  let grey = given;
  let { level } = otsu(grey);
  if (isLightOnDark(grey, width, level)) {
    grey = grey.map((value) => 255 - value);
    ({ level } = otsu(grey));
  }
  if (isFaint(grey, level)) throw new Lasting(NO_INK);
  const ink = withoutSpecks(below(grey, level), width);
  const pen = penOf(ink, width);
  const [left, top, right, bottom] = boxOf(ink, width);
  const height = grey.length / width;
  const from = (first) => Math.max(0, Math.trunc(first - pen));
  const to = (end, most) => Math.min(most, Math.trunc(end - 1 + pen) + 2);
  const box = [from(left), from(top), to(right, width), to(bottom, height)];
  const sides = [box[2] - box[0], box[3] - box[1]];
  const zoom = Math.min(PEN / pen, LONGEST_INK / Math.max(...sides));
  const [columns, rows] = sides.map((side) => Math.max(1, halfToEven(side * zoom)));
  const small = withoutSpecks(below(resize(grey, width, box, columns, rows), level), columns);
  const framed = new Uint8Array((columns + 2) * (rows + 2));
  for (let y = 0; y < rows; y += 1) {
    framed.set(small.subarray(y * columns, (y + 1) * columns), (y + 1) * (columns + 2) + 1);
  }
  const paper = framed.map((each) => 1 - each);
  const count = pieces(framed, columns + 2, true).count + pieces(paper, columns + 2, false).count;
  if (!framed.includes(1) || count > MOST_PIECES) throw new Lasting(TOO_MANY);
  return { ink: framed, width: columns + 2 };
}

/** Otsu's threshold, and the variance that is left within its two classes. */
function otsu(grey) {
  const count = new Float64Array(256);
  for (const value of grey) count[value] += 1;
  let [all, squares] = [0, 0];
  count.forEach((n, value) => {
    all += n * value;
    squares += n * value * value;
  });
  let [under, sum, most] = [0, 0, -1];
  let levels = [];
  for (let level = 0; level < 256; level += 1) {
    under += count[level];
    sum += count[level] * level;
    const over = grey.length - under;
    const apart = (all - sum) / Math.max(over, 1) - sum / Math.max(under, 1);
    const variance = under * over * apart ** 2;
    if (variance > most) [most, levels] = [variance, []];
    if (variance === most) levels.push(level);
  }
  const mean = levels.reduce((a, b) => a + b, 0) / levels.length;
  const n = grey.length;
  return { level: Math.trunc(mean), left: squares / n - (all / n) ** 2 - most / n ** 2 };
}

function isLightOnDark(grey, width, level) {
  const height = grey.length / width;
  const edge = Math.max(1, halfToEven(EDGE * Math.min(width, height)));
  let [border, light, inside] = [0, 0, 0];
  grey.forEach((value, i) => {
    if (value <= level) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    light += 1;
    // A corner belongs to two sides.
    border += (x === 0) + (x === width - 1) + (y === 0) + (y === height - 1);
    inside += x >= edge && x < width - edge && y >= edge && y < height - edge;
  });
  return border / (2 * (width + height)) < LIGHT_BORDER && light > 0 && inside >= light / 2;
}

function isFaint(grey, level) {
  const [ink, paper] = [grey.filter((v) => v <= level), grey.filter((v) => v > level)];
  if (!ink.length || !paper.length) return true;
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const light = mean(paper);
  const spread = Math.sqrt(paper.reduce((a, b) => a + (b - light) ** 2, 0) / paper.length);
  return light - mean(ink) < Math.max(CONTRAST, DEVIATIONS * spread);
}

/** The width of the pen. Across a line of width w the depth rises to w / 2: its mean is w / 4. */
function penOf(ink, width) {
  const deep = depths(ink, width);
  let [sum, count] = [0, 0];
  ink.forEach((each, i) => {
    if (!each) return;
    sum += deep[i];
    count += 1;
  });
  return Math.max(1, (4 * sum) / count);
}

function withoutSpecks(ink, width) {
  if (!ink.includes(1)) return ink;
  const found = pieces(ink, width, true);
  const least = SPECK * penOf(ink, width) ** 2;
  const kept = areaOf(found).map((area) => area >= least);
  return kept.some(Boolean) ? ink.map((each, i) => each && kept[found.piece[i] - 1]) : ink;
}

/** Left and top of the ink, and the column and row after it. */
function boxOf(ink, width) {
  let box = [Infinity, Infinity, 0, 0];
  ink.forEach((each, i) => {
    if (!each) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    box = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x + 1), Math.max(box[3], y + 1)];
  });
  return box;
}

function below(grey, level) {
  return grey.map((value) => (value <= level ? 1 : 0));
}

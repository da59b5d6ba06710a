// From the pixels of a picture to the views that the network reads: the whole picture and parts of
// it, which overlap. The rule is the one of the Python package; its numbers stand in model.json.

import { halfToEven, resize } from './resize.js';

const BRIGHTNESS_BITS = 16; // Pillow's weights of colours are whole numbers: times 2 to this power.
const LIGHT = 192; // Of transparent pictures: ink that is brighter on average is light.

/**
 * Brightness of pixels, rounded as Pillow does.
 *
 * @param {Uint8Array | Uint8ClampedArray} rgba Red, green, blue and alpha of each pixel; alpha is
 *   ignored.
 * @param {{preparation: {brightness: number[]}}} about Content of model.json.
 * @returns {Uint8Array} One number for each pixel.
 */
export function brightness(rgba, about) {
  const [red, green, blue] = about.preparation.brightness.map((weight) =>
    Math.round(weight * 2 ** BRIGHTNESS_BITS),
  );
  const half = 1 << (BRIGHTNESS_BITS - 1);
  const grey = new Uint8Array(rgba.length / 4);
  for (let i = 0, j = 0; i < grey.length; i += 1, j += 4) {
    grey[i] = (rgba[j] * red + rgba[j + 1] * green + rgba[j + 2] * blue + half) >> BRIGHTNESS_BITS;
  }
  return grey;
}

/**
 * The colour below a transparent picture: white, but black below light ink, such as white notes.
 *
 * @param {Uint8Array | Uint8ClampedArray} rgba Red, green, blue and alpha of each pixel.
 * @param {object} about Content of model.json.
 * @returns {string} 'black' if alpha is on average below one half, and brightness, averaged with
 *   alpha as the weight, above LIGHT; else 'white'.
 */
export function ground(rgba, about) {
  let opacity = 0;
  for (let i = 3; i < rgba.length; i += 4) opacity += rgba[i];
  if (8 * opacity >= 255 * rgba.length) return 'white';
  const sum = brightness(rgba, about).reduce((all, each, i) => all + each * rgba[4 * i + 3], 0);
  return sum > LIGHT * opacity ? 'black' : 'white';
}

/**
 * The whole picture, then its parts row by row, and black views where a long picture has fewer.
 *
 * @param {Uint8Array} grey Brightness of the picture's pixels, row by row.
 * @param {number} width Width of the picture in pixels.
 * @param {number} height Height of the picture in pixels.
 * @param {object} about Content of model.json.
 * @returns {Uint8Array} [views, height of a view, width of a view].
 */
export function views(grey, width, height, about) {
  const layout = about.picture;
  const size = layout.width * layout.height;
  const found = new Uint8Array((1 + layout.tiles ** 2) * size);
  found.set(whole(grey, width, height, layout));
  boxes(width, height, layout).forEach((box, i) => {
    found.set(resize(grey, width, box, layout.width, layout.height), (i + 1) * size);
  });
  return found;
}

/**
 * Where the parts of a picture lie, row by row.
 *
 * @param {number} width Width of the picture in pixels.
 * @param {number} height Height of the picture in pixels.
 * @param {{tiles: number, bound: ?number}} layout From model.json. Models of earlier versions have
 *   no bound: every picture is cut into tiles x tiles parts, whatever its shape.
 * @returns {number[][]} Left, top, right and bottom of each part in pixels.
 */
export function boxes(width, height, { tiles, bound }) {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const longest = (bound ?? Infinity) * short;
  const along = (across) => Math.floor(tiles ** 2 / across);
  let across = tiles; // The most parts of the short side whose shape keeps to the bound.
  while (across > 1 && long * (3 * across + 1) > longest * (3 * along(across) + 1)) across -= 1;
  const [columns, rows] = width > height ? [along(across), across] : [across, along(across)];
  return parts(height, rows, longest).flatMap(([top, bottom]) =>
    parts(width, columns, longest).map(([left, right]) => [left, top, right, bottom]),
  );
}

/** First pixel of each part along a side of `size` pixels, and the pixel after its last one. */
function parts(size, count, longest) {
  let share = 4 / (3 * count + 1); // Neighbours overlap by a quarter.
  let step = 0.75 * share;
  if (share * size > longest) {
    share = longest / size;
    step = (1 - share) / Math.max(1, count - 1);
  }
  const length = Math.max(1, halfToEven(share * size));
  return Array.from({ length: count }, (_, i) => {
    const start = Math.min(halfToEven(step * i * size), size - length);
    return [start, start + length];
  });
}

/** The view of the whole picture: in its middle where it is longer than the bound allows. */
function whole(grey, width, height, layout) {
  const bound = layout.bound ?? Infinity;
  const inner = (side, ratio) => Math.max(1, halfToEven(side * Math.min(1, ratio)));
  const rows = inner(layout.height, (bound * height) / width);
  const columns = inner(layout.width, (bound * width) / height);
  const seen = resize(grey, width, [0, 0, width, height], columns, rows);
  if (rows === layout.height && columns === layout.width) return seen;
  const background = seen.slice().sort()[(seen.length - 1) >> 1];
  const found = new Uint8Array(layout.height * layout.width).fill(background);
  const top = (layout.height - rows) >> 1;
  const left = (layout.width - columns) >> 1;
  for (let y = 0; y < rows; y += 1) {
    found.set(seen.subarray(y * columns, (y + 1) * columns), (top + y) * layout.width + left);
  }
  return found;
}

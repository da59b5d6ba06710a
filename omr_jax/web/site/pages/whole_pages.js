// Whole pages as they are searched for music: grey, and of a bounded size, as in
// omr_jax/inputs/whole_pages.py.

import { geometry, whole_pages as fixed } from '../structure/constants.js';

const BAND = 1 << 20; // So many pixels are read at a time: a large page in colour has 200 MB.

/**
 * A page as it is looked at. It is reduced by the smallest whole number that leaves its longer side
 * no more than SIDE pixels.
 *
 * @param {ImageBitmap} picture It is closed.
 * @returns {{grey: Uint8Array, width: number, height: number, factor: number}} Its pixels row by
 *   row; and how many times smaller it is than the picture, along each side.
 */
export function reduced(picture) {
  const factor = Math.max(1, Math.ceil(Math.max(picture.width, picture.height) / fixed.SIDE));
  const [width, height] = [picture.width, picture.height].map((side) => Math.ceil(side / factor));
  const grey = new Uint8Array(width * height);
  const rows = Math.max(1, Math.floor(BAND / (picture.width * factor)));
  for (let first = 0; first < height; first += rows) {
    const top = first * factor;
    const band = pixels(picture, top, Math.min(rows * factor, picture.height - top));
    grey.set(means(band, factor, width), first * width);
  }
  picture.close();
  return { grey, width, height, factor };
}

/** Some rows of a picture, over white. */
function pixels(picture, top, rows) {
  const canvas = new OffscreenCanvas(picture.width, rows);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = 'white';
  context.fillRect(0, 0, picture.width, rows);
  context.drawImage(picture, 0, -top);
  return context.getImageData(0, 0, picture.width, rows);
}

/** The brightness of the mean colour of each square of `factor` pixels a side. */
function means({ data, width, height }, factor, columns) {
  const [red, green, blue] = geometry.BRIGHTNESS.map((weight) => Math.round(weight * 2 ** 16));
  const found = new Uint8Array(columns * Math.ceil(height / factor));
  const brightness = (r, g, b) => (r * red + g * green + b * blue + (1 << 15)) >> 16;
  if (factor === 1) {
    for (let i = 0, j = 0; i < found.length; i += 1, j += 4) {
      found[i] = brightness(data[j], data[j + 1], data[j + 2]);
    }
    return found;
  }
  for (let i = 0, top = 0; top < height; top += factor) {
    for (let left = 0; left < width; left += factor, i += 1) {
      const rows = Math.min(factor, height - top);
      const across = Math.min(factor, width - left);
      const half = (rows * across) >> 1;
      let r = half;
      let g = half;
      let b = half;
      for (let y = top; y < top + rows; y += 1) {
        for (let j = 4 * (y * width + left), end = j + 4 * across; j < end; j += 4) {
          r += data[j];
          g += data[j + 1];
          b += data[j + 2];
        }
      }
      // Pillow multiplies by this, and so rounds down.
      const share = Math.floor(2 ** 24 / (rows * across));
      r = Math.floor((r * share) / 2 ** 24);
      g = Math.floor((g * share) / 2 ** 24);
      b = Math.floor((b * share) / 2 ** 24);
      found[i] = brightness(r, g, b);
    }
  }
  return found;
}

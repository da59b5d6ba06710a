// From the pixels of a picture to the views that the network reads: the whole picture and parts of
// it, which overlap. The rule is the one of the Python package, whose numbers stand in model.json,
// and of Pillow, with which that package resizes pictures.

const WEIGHT_BITS = 22; // Pillow resizes with whole numbers: weights times 2 to the power of this.
const BRIGHTNESS_BITS = 16; // The same for the weights of red, green and blue.

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
 * The whole picture, then its parts row by row.
 *
 * @param {Uint8Array} grey Brightness of the picture's pixels, row by row.
 * @param {number} width Width of the picture in pixels.
 * @param {number} height Height of the picture in pixels.
 * @param {object} about Content of model.json.
 * @returns {Uint8Array} [views, height of a view, width of a view].
 */
export function views(grey, width, height, about) {
  const boxes = [[0, 0, width, height]];
  for (const [top, bottom] of parts(height, about)) {
    for (const [left, right] of parts(width, about)) boxes.push([left, top, right, bottom]);
  }
  const layout = about.picture;
  const size = layout.width * layout.height;
  const found = new Uint8Array(boxes.length * size);
  boxes.forEach((box, i) => {
    found.set(resize(grey, width, box, layout.width, layout.height), i * size);
  });
  return found;
}

/** First pixel of each part along a side of `size` pixels, and the pixel after its last one. */
function parts(size, { picture, preparation }) {
  const length = Math.max(1, halfToEven(preparation.part_size * size));
  return Array.from({ length: picture.tiles }, (_, i) => {
    const start = Math.min(halfToEven(preparation.part_step * i * size), size - length);
    return [start, start + length];
  });
}

/** Rounds as Python does: to the nearest whole number, and one half to the even neighbour. */
function halfToEven(x) {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + (low % 2) : Math.round(x);
}

/** Resizes the part of a picture inside a box, as Pillow does with its filter BILINEAR. */
function resize(grey, width, [left, top, right, bottom], columns, rows) {
  const across = weights(right - left, columns);
  const height = bottom - top;
  const narrow = new Uint8Array(height * columns);
  for (let y = 0; y < height; y += 1) {
    const row = (top + y) * width + left;
    for (let x = 0; x < columns; x += 1) {
      const [first, share] = across[x];
      narrow[y * columns + x] = weighted(grey, row + first, 1, share);
    }
  }
  const down = weights(height, rows);
  const found = new Uint8Array(rows * columns);
  for (let y = 0; y < rows; y += 1) {
    const [first, share] = down[y];
    for (let x = 0; x < columns; x += 1) {
      found[y * columns + x] = weighted(narrow, first * columns + x, columns, share);
    }
  }
  return found;
}

/** Weighted sum of the pixels from place `first` on, `step` places from one to the next. */
function weighted(grey, first, step, share) {
  let sum = 1 << (WEIGHT_BITS - 1); // One half, so that the result is rounded.
  for (let k = 0; k < share.length; k += 1) sum += grey[first + k * step] * share[k];
  return sum >> WEIGHT_BITS;
}

/**
 * How `from` pixels become `to` pixels: for each new pixel the first old one that counts, and the
 * weights of that one and those after it. They form a triangle, which is wider the more the picture
 * is reduced.
 */
function weights(from, to) {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const last = Math.min(from, Math.trunc(centre + reach + 0.5));
    const share = [];
    for (let j = first; j < last; j += 1) {
      share.push(Math.max(0, 1 - Math.abs((j - centre + 0.5) * (1 / reach))));
    }
    const sum = share.reduce((a, b) => a + b, 0);
    return [first, share.map((each) => Math.trunc(0.5 + (each / sum) * 2 ** WEIGHT_BITS))];
  });
}

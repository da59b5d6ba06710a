// Pictures to what the network looks at: the rules of omr_jax/inputs/pictures.py and omr_jax/inputs/views.py, to
// the last bit.

const BITS = 22; // Of Pillow's weights.

/** Brightness (ITU-R BT.601) of RGBA pixels, what is transparent over white: Uint8Array. */
export function brightness(rgba) {
  const grey = new Uint8Array(rgba.length / 4);
  for (let i = 0, j = 0; i < grey.length; i += 1, j += 4) {
    grey[i] = (rgba[j] * 19595 + rgba[j + 1] * 38470 + rgba[j + 2] * 7471 + 0x8000) >> 16;
  }
  return grey;
}

/**
 * Resizes a part of a grey picture: Pillow's BILINEAR, a triangle as wide as the reduction.
 *
 * @param {Uint8Array} grey Row by row.
 * @param {number} width Of the whole picture.
 * @param {number[]} box Left, top, right and bottom of the part.
 * @param {number} columns Of the result.
 * @param {number} rows Of the result.
 * @returns {Uint8Array} Row by row.
 */
export function resize(grey, width, [left, top, right, bottom], columns, rows) {
  const across = weights(right - left, columns);
  const height = bottom - top;
  const narrow = new Uint8Array(height * columns);
  for (let y = 0; y < height; y += 1) {
    const row = (top + y) * width + left;
    for (let x = 0; x < columns; x += 1) {
      const [first, share] = across[x];
      let sum = 1 << (BITS - 1);
      for (let k = 0; k < share.length; k += 1) sum += grey[row + first + k] * share[k];
      narrow[y * columns + x] = sum >> BITS;
    }
  }
  const down = weights(height, rows);
  const found = new Uint8Array(rows * columns);
  for (let y = 0; y < rows; y += 1) {
    const [first, share] = down[y];
    for (let x = 0; x < columns; x += 1) {
      let sum = 1 << (BITS - 1);
      for (let k = 0; k < share.length; k += 1) sum += narrow[(first + k) * columns + x] * share[k];
      found[y * columns + x] = sum >> BITS;
    }
  }
  return found;
}

/** For each of `to` pixels the first of `from` pixels that it is made of, and their weights. */
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
    return [first, share.map((each) => Math.trunc(0.5 + (each / sum) * 2 ** BITS))];
  });
}

/**
 * The whole picture, then its parts row by row, as the network has them.
 *
 * @param {Uint8Array} grey Row by row.
 * @param {number} width In pixels.
 * @param {number} height In pixels.
 * @param {{width: number, height: number, tiles: number}} layout Of model.json.
 * @returns {Uint8Array} [views, layout.height, layout.width].
 */
export function views(grey, width, height, layout) {
  const [columns, rows] = [parts(width, layout.tiles), parts(height, layout.tiles)];
  const boxes = [[0, 0, width, height]];
  for (const [top, bottom] of rows) {
    for (const [left, right] of columns) boxes.push([left, top, right, bottom]);
  }
  const size = layout.width * layout.height;
  const found = new Uint8Array(boxes.length * size);
  boxes.forEach((box, i) => {
    found.set(resize(grey, width, box, layout.width, layout.height), i * size);
  });
  return found;
}

function parts(size, tiles) {
  const share = 4 / (3 * tiles + 1);
  const length = Math.max(1, halfToEven(share * size));
  return Array.from({ length: tiles }, (_, i) => {
    const start = Math.min(halfToEven(0.75 * share * i * size), size - length);
    return [start, start + length];
  });
}

function halfToEven(x) {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + (low % 2) : Math.round(x);
}

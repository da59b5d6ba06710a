// Resizes grey pictures exactly as Pillow does, with which the networks were trained.

const WEIGHT_BITS = 22; // Pillow's weights are whole numbers: times 2 to the power of this.
const HALF = 1 << (WEIGHT_BITS - 1); // Added to a sum, so that the result is rounded.
const MOST_KEPT = 64; // Weights that are kept for the next picture, as of a camera.

/** How far each filter reaches, in pixels of the smaller picture, and its weight at a distance. */
const FILTERS = {
  box: { reach: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bicubic: { reach: 2, weight: (x) => cubic(Math.abs(x)) },
  bilinear: { reach: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  lanczos: { reach: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

const kept = new Map();

/**
 * Resizes the part of a picture inside a box.
 *
 * @param {Uint8Array} grey The picture's pixels, row by row.
 * @param {number} width Its width in pixels.
 * @param {number[]} box Left, top, right and bottom in pixels.
 * @param {number} columns Width of the result.
 * @param {number} rows Height of the result.
 * @param {string} [filter] One of FILTERS.
 * @returns {Uint8Array} The result's pixels, row by row.
 */
export function resize(grey, width, [left, top, right, bottom], columns, rows, filter) {
  const height = bottom - top;
  const { first, count, shares, most } = weights(right - left, columns, filter);
  const narrow = new Uint8Array(height * columns);
  for (let y = 0, i = 0; y < height; y += 1) {
    const row = (top + y) * width + left;
    for (let x = 0, start = 0; x < columns; x += 1, i += 1, start += most) {
      const end = start + count[x];
      let sum = HALF;
      for (let k = start, j = row + first[x]; k < end; k += 1, j += 1) {
        sum = (sum + grey[j] * shares[k]) | 0;
      }
      narrow[i] = inByte(sum);
    }
  }
  const down = weights(height, rows, filter);
  const found = new Uint8Array(rows * columns);
  const sums = new Int32Array(columns);
  for (let y = 0; y < rows; y += 1) {
    sums.fill(HALF);
    for (let k = 0; k < down.count[y]; k += 1) {
      const share = down.shares[y * down.most + k];
      const row = (down.first[y] + k) * columns;
      for (let x = 0; x < columns; x += 1) sums[x] += narrow[row + x] * share;
    }
    for (let x = 0, i = y * columns; x < columns; x += 1, i += 1) found[i] = inByte(sums[x]);
  }
  return found;
}

/** A weighted sum as a brightness. */
function inByte(sum) {
  const value = sum >> WEIGHT_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/**
 * How `from` pixels become `to` pixels: for each new pixel the first old one that counts, how many
 * count, and the weights of these, `most` places for each. The filter is wider the more the
 * picture is reduced.
 */
function weights(from, to, filter = 'bilinear') {
  const key = `${filter} ${from} ${to}`;
  if (!kept.has(key)) {
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(key, computed(from, to, FILTERS[filter]));
  }
  return kept.get(key);
}

function computed(from, to, filter) {
  const scale = from / to;
  const wide = Math.max(scale, 1);
  const reach = filter.reach * wide;
  const most = 2 * Math.ceil(reach) + 1;
  const [first, count] = [new Int32Array(to), new Int32Array(to)];
  const shares = new Int32Array(to * most);
  for (let i = 0; i < to; i += 1) {
    const centre = (i + 0.5) * scale;
    first[i] = Math.max(0, Math.trunc(centre - reach + 0.5));
    count[i] = Math.min(from, Math.trunc(centre + reach + 0.5)) - first[i];
    const given = Array.from({ length: count[i] }, (_, j) =>
      filter.weight((first[i] + j - centre + 0.5) / wide),
    );
    const sum = given.reduce((a, b) => a + b, 0);
    given.forEach((each, j) => {
      const exact = (each / sum) * 2 ** WEIGHT_BITS;
      shares[i * most + j] = Math.trunc(exact + (exact < 0 ? -0.5 : 0.5));
    });
  }
  return { first, count, shares, most };
}

function cubic(x) {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? -0.5 * (((x - 5) * x + 8) * x - 4) : 0;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Rounds as Python does: to the nearest whole number, and one half to the even neighbour. */
export function halfToEven(x) {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + Math.abs(low % 2) : Math.round(x);
}

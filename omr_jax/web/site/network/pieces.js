// Connected pieces of ink or paper, and how deep each pixel lies in the ink.

/**
 * Numbers the pieces of what is 1.
 *
 * @param {Uint8Array} given 1 or 0 for each pixel, row by row.
 * @param {number} width Width in pixels.
 * @param {boolean} corners Whether pixels that touch at corners only are joined.
 * @returns {{piece: Int32Array, count: number}} For each pixel the number of its piece from 1, or
 *   0; and how many pieces there are.
 */
export function pieces(given, width, corners) {
  const piece = new Int32Array(given.length);
  const stack = [];
  let count = 0;
  for (let start = 0; start < given.length; start += 1) {
    if (!given[start] || piece[start]) continue;
    count += 1;
    piece[start] = count;
    stack.push(start);
    while (stack.length) {
      for (const i of neighbours(stack.pop(), width, given.length, corners)) {
        if (!given[i] || piece[i]) continue;
        piece[i] = count;
        stack.push(i);
      }
    }
  }
  return { piece, count };
}

/** The number of pixels of each piece. */
export function areaOf({ piece, count }) {
  const area = new Array(count).fill(0);
  for (const number of piece) if (number) area[number - 1] += 1;
  return area;
}

function* neighbours(i, width, length, corners) {
  const x = i % width;
  for (let dy = -1; dy <= 1; dy += 1) {
    for (let dx = -1; dx <= 1; dx += 1) {
      const at = i + dy * width + dx;
      const isOther = corners ? dx || dy : Math.abs(dx) + Math.abs(dy) === 1;
      if (isOther && x + dx >= 0 && x + dx < width && at >= 0 && at < length) yield at;
    }
  }
}

/**
 * Euclidean distance of each pixel of ink to the nearest one that is none, minus 1/2. What is
 * outside the picture is no ink. (Felzenszwalb and Huttenlocher, 2012: columns, then rows.)
 *
 * @param {Uint8Array} ink 1 or 0 for each pixel, row by row.
 * @param {number} width Width in pixels.
 * @returns {Float64Array}
 */
export function depths(ink, width) {
  const height = ink.length / width;
  const squares = Float64Array.from(ink, (each) => (each ? Infinity : 0));
  for (let x = 0; x < width; x += 1) pass(squares, x, width, height);
  for (let y = 0; y < height; y += 1) pass(squares, y * width, 1, width);
  return squares.map((each) => Math.sqrt(each) - 0.5);
}

/** Squared distances along one line, given those across it; 0 is before and after the line. */
function pass(squares, start, step, count) {
  const at = (i) => (i < 0 || i >= count ? 0 : squares[start + i * step]);
  const known = Array.from({ length: count + 2 }, (_, i) => at(i - 1));
  // The lower envelope of parabolas: the place of each, and from where on it is the lowest.
  const [places, from] = [[0], [-Infinity]];
  for (let i = 1; i < known.length; i += 1) {
    if (known[i] === Infinity) continue;
    const meets = (j) => (known[i] + i * i - known[j] - j * j) / (2 * (i - j));
    while (meets(places.at(-1)) <= from.at(-1)) {
      places.pop();
      from.pop();
    }
    from.push(meets(places.at(-1)));
    places.push(i);
  }
  for (let i = 1, k = 0; i <= count; i += 1) {
    while (k + 1 < places.length && from[k + 1] <= i) k += 1;
    squares[start + (i - 1) * step] = (i - places[k]) ** 2 + known[places[k]];
  }
}

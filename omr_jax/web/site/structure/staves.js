// Finds the staves of a page, as omr_jax/structure/staves.py does. A staff is {x, lines}: the x of
// its points from left to right, and for each of its lines, the upper one first, their y.

import { halfToEven, resize } from '../network/resize.js';
import { centres, teeth as teethOf } from './comb.js';
import { comb, staves as fixed, structure } from './constants.js';
import { gaussian, interpolated, maximum, median, medians, minimum } from './filters.js';
import { paths } from './paths.js';
import { darkness } from './scale.js';

const { BLOCK, SPACE, STEP } = comb;
const { LINES } = structure;
const HALF = 3; // Rows above and below a line in which its ink is looked for.

/**
 * Brings a page to the size at which it is searched.
 *
 * @param {{grey: Uint8Array, width: number, height: number}} page
 * @param {number} space Its staff space in pixels, 0 if it is not known.
 * @returns {{dark: Float32Array, width: number, height: number, back: number[]}} Its darkness with
 *   SPACE pixels to a staff space, a single white pixel if that is not known; and the factors from
 *   x and y there to x and y on the page.
 */
export function searched(page, space) {
  if (!space) return { dark: new Float32Array(1), width: 1, height: 1, back: [1, 1] };
  const [width, height] = [page.width, page.height].map((side) =>
    Math.max(1, halfToEven((side * SPACE) / space)),
  );
  const box = [0, 0, page.width, page.height];
  // A box would repeat some rows of a page that is enlarged.
  const grey = resize(page.grey, page.width, box, width, height, SPACE > space ? 'bicubic' : 'box');
  const back = [page.width / width, page.height / height];
  return { dark: darkness({ grey, width, height }), width, height, back };
}

/** The staves of a page that `searched` has made, in its pixels, from top to bottom. */
export function inPicture({ dark, width, height }) {
  const thick = maximum(minimum(dark, width, fixed.THICK, 0), width, fixed.THICK, 0);
  const values = new Float32Array(dark.length);
  for (let i = 0; i < values.length; i += 1) values[i] = dark[i] - thick[i];
  const thin = { values, thick, width, height };
  const teeth = teethOf(thin.values, width);
  const found = [];
  for (const path of paths(teeth, centres(width), height)) {
    const each = staffOf(thin, path);
    if (each) found.push(each);
  }
  const lengthOf = ({ staff: { x } }) => x.at(-1) - x[0];
  const most = Math.max(0, ...found.map(lengthOf));
  const kept = found.filter((each) => each.share >= fixed.CLEAR || lengthOf(each) >= most / 2);
  const whole = kept.map(({ staff }) => staff);
  const middle = ({ lines }) => lines.reduce((sum, y) => sum + y.reduce((a, b) => a + b, 0), 0);
  const places = new Map(whole.map((staff) => [staff, middle(staff) / staff.x.length]));
  return whole.sort((a, b) => places.get(a) - places.get(b));
}

/**
 * Moves the lines of a path to the ink, and finds their ends; null if it is no staff. `share` is
 * the least one of a line that is seen.
 */
function staffOf(thin, { x, y, gap }) {
  const reach = 4 * STEP;
  const first = Math.max(0, Math.trunc(x[0]) - reach);
  const end = Math.min(thin.width, Math.trunc(x.at(-1)) + reach);
  const centre = Float64Array.from({ length: end - first }, (_, n) => first + n + 0.5);
  const distance = gaussian(interpolated(centre, x, gap), STEP, 'nearest');
  const middle = gaussian(straightOn(centre, x, y), BLOCK, 'nearest');
  const expected = Array.from({ length: LINES }, (_, line) =>
    middle.map((height, n) => height + (line - (LINES - 1) / 2) * distance[n]),
  );
  const near = onInk(thin, first, expected).lines;
  const { lines, dark } = onInk(thin, first, near); // Now all of a line is within reach.
  const counts = Array.from(centre, (_, n) => dark.reduce((sum, each) => sum + each[n], 0));
  const [begin, over] = longest(counts.map((count) => fixed.COUNTS[count]));
  if (over - begin < fixed.SHORTEST * SPACE) return null;
  const shares = lines.map((_, number) => {
    let [seen, visible] = [0, 0];
    for (let n = begin; n < over; n += 1) {
      seen += dark[number][n];
      visible += dark[number][n] || !isHidden(thin, first + n, lines[number][n]);
    }
    return seen / Math.max(visible, 1);
  });
  const share = Math.min(...shares);
  if (share < fixed.WHOLE) return null;
  const count = Math.max(2, halfToEven((over - begin) / fixed.POINT_STEP) + 1);
  const at = Float64Array.from({ length: count }, (_, n) =>
    first + begin + (n * (over - begin)) / (count - 1),
  );
  return { staff: { x: at, lines: lines.map((line) => interpolated(at, centre, line)) }, share };
}

/** Whether thick ink lies over a line, or touches it. */
function isHidden({ thick, width, height }, column, y) {
  for (let row = Math.floor(y) - 1; row <= Math.floor(y) + 1; row += 1) {
    const inside = Math.min(Math.max(row, 0), height - 1);
    if (thick[inside * width + column] > fixed.HIDES) return true;
  }
  return false;
}

/** As `interpolated`, but the line goes straight on beyond its ends. */
function straightOn(at, x, y) {
  const some = Math.min(4, x.length - 1);
  const last = x.length - 1;
  const left = (y[some] - y[0]) / (x[some] - x[0]);
  const right = (y[last] - y[last - some]) / (x[last] - x[last - some]);
  return interpolated(at, x, y).map((height, n) => {
    if (at[n] < x[0]) return height + left * (at[n] - x[0]);
    return at[n] > x[last] ? height + right * (at[n] - x[last]) : height;
  });
}

/** y of the ink near each line, and whether there is any: for each line one of each column. */
function onInk(thin, first, expected) {
  const near = expected.map((line) => inkNear(thin, first, line));
  const peaks = near.map(({ peak }) => peak);
  const usual = usualDarkness(peaks);
  const dark = peaks.map((peak) =>
    Uint8Array.from(peak, (ink, n) => ink > Math.max(fixed.FAINTEST, fixed.FAINT * usual[n])),
  );
  const weight = near.map((each) => gaussian(each.weight, SPACE, 'constant'));
  const moment = near.map((each) => gaussian(each.moment, SPACE, 'constant'));
  const sum = (lines, n) => lines.reduce((all, line) => all + line[n], 0);
  // Where a line is hidden it moves as the others do.
  const common = weight[0].map((_, n) => sum(moment, n) / (sum(weight, n) + 0.1));
  const lines = expected.map((line, number) =>
    line.map((y, n) => y + (moment[number][n] + 0.2 * common[n]) / (weight[number][n] + 0.2)),
  );
  return { lines, dark };
}

/** The ink near a line: in each column the darkest, its sum, and its moment about the line. */
function inkNear({ values, width, height }, first, line) {
  const [peak, weight, moment] = [0, 1, 2].map(() => new Float64Array(line.length));
  for (let n = 0; n < line.length; n += 1) {
    const middle = Math.floor(line[n]);
    const end = Math.min(middle + HALF, height - 1);
    for (let row = Math.max(middle - HALF, 0); row <= end; row += 1) {
      const ink = values[row * width + first + n];
      if (Math.abs(row - middle) < HALF && ink > peak[n]) peak[n] = ink;
      weight[n] += ink;
      moment[n] += ink * (row + 0.5 - line[n]);
    }
  }
  return { peak, weight, moment };
}

/**
 * How dark the lines of a staff mostly are around each column. It varies, since lines may fade
 * along a photographed staff; but it is at least half the median of the whole staff, for the
 * columns beyond its ends.
 */
function usualDarkness(peaks) {
  const middle = peaks[0].map((_, n) => median(peaks.map((peak) => peak[n])));
  const least = median(middle) / 2;
  return medians(middle, 8 * STEP, 'nearest').map((value) => Math.max(value, least));
}

/** The range of columns whose worth has the largest sum. */
function longest(worth) {
  let [total, low, lowest, most] = [0, 0, 0, 0];
  let range = [0, 0];
  worth.forEach((each, n) => {
    total += each;
    if (total < low) [low, lowest] = [total, n + 1];
    if (total - low > most) [most, range] = [total - low, [lowest, n + 1]];
  });
  return range;
}

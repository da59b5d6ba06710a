// The files that `omr detect` writes for a page, as omr_jax/detect/page_json.py and
// omr_jax/structure/structure_json.py have them.

import { structure_json as fixed } from '../structure/constants.js';
import { interpolated } from '../structure/filters.js';
import { symbols as known } from './symbols.js';

const rounded = (number, digits) => Math.round(number * 10 ** digits) / 10 ** digits;
const hundredths = (numbers) => numbers.map((each) => rounded(each, 2));
const tenths = (numbers) => Array.from(numbers, (each) => rounded(each, 1));

/**
 * The symbols in the format of COCO: one image, a category for each class that was looked for, the
 * symbols. A box is its left and upper edge, its width and its height, in pixels of the page; as
 * segmentation it is a polygon of its four corners.
 *
 * @param {{structure: object, symbols: object[]}} page What was found.
 * @param {string[]} classes The classes that were looked for.
 * @param {string} name The name of the picture's file.
 */
export function pageJson({ structure, symbols }, classes, name) {
  const { width, height } = structure;
  return {
    images: [{ id: 1, file_name: name, width, height, path: name, page: 1 }],
    categories: classes.map((label, n) => ({
      id: n + 1,
      name: label,
      smufl: known[label].smufl,
      supercategory: known[label].kind,
    })),
    annotations: symbols.map((symbol, n) => annotation(symbol, n + 1, classes)),
  };
}

function annotation({ label, box, confidence, staff, position }, id, classes) {
  const [left, top, right, bottom] = box;
  const [width, height] = [right - left, bottom - top];
  return {
    id,
    image_id: 1,
    category_id: classes.indexOf(label) + 1,
    bbox: hundredths([left, top, width, height]),
    segmentation: [hundredths([left, top, right, top, right, bottom, left, bottom])],
    area: rounded(width * height, 2),
    iscrowd: 0,
    score: rounded(confidence, 6),
    staff,
    position,
  };
}

/** The structure of a page: places in pixels, rounded to tenths. */
export function structureJson({ width, height, staffSpace, staves, systems, measures }) {
  return {
    format: fixed.VERSION,
    width,
    height,
    staff_space: rounded(staffSpace, 1),
    staves: staves.map((staff) => ({
      box: tenths(boxOf(staff)),
      lines: staff.lines.map((line) => Array.from(line, (y, n) => tenths([staff.x[n], y]))),
    })),
    systems: systems.map((system) => ({
      box: tenths(around(system.map((staff) => boxOf(staves[staff])))),
      staves: system,
    })),
    measures: measures.map(({ staff, left, right }) => ({
      box: tenths(boxOf(partOf(staves[staff], left, right))),
      staff,
      left: rounded(left, 1),
      right: rounded(right, 1),
    })),
  };
}

/** The smallest upright box around the lines of a staff: left, top, right and bottom. */
function boxOf({ x, lines }) {
  const ys = lines.flatMap((line) => Array.from(line));
  return [x[0], Math.min(...ys), x.at(-1), Math.max(...ys)];
}

/** The smallest box around boxes. */
export function around(boxes) {
  return [0, 1, 2, 3].map((n) => (n < 2 ? Math.min : Math.max)(...boxes.map((box) => box[n])));
}

/** The piece of a staff from x = `left` to x = `right`. */
function partOf({ x, lines }, left, right) {
  const at = [left, ...x.filter((each) => each > left && each < right), right];
  return { x: at, lines: lines.map((line) => interpolated(at, x, line)) };
}

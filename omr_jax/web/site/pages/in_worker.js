// What the worker does for a page: its structure and windows, and the symbols in each window.

import { logOdds, sigmoid } from '../network/answer.js';
import { load } from '../network/sessions.js';
import { structureOf } from '../structure/find.js';
import { reduced } from './whole_pages.js';
import { cut, objects } from './windows.js';

let cold = null; // What is still to be run to warm up; null before the first call.

/**
 * Runs the network on blank windows, and looks for the structure of a drawn page, until a page
 * comes. Browsers compile what runs often, and do it well only then.
 *
 * @param {object} argument
 * @param {string} argument.name Name of the network's folder in models/.
 * @param {number} argument.count How many windows.
 * @param {boolean} argument.isFirst Whether this is the worker that finds the structure of pages.
 * @param {function} report See `load`.
 */
export async function warmUp({ name, count, isFirst }, report) {
  const { about, run } = await load(name, report);
  const blank = new Uint8Array(about.picture.side ** 2).fill(255);
  cold ??= [
    ...Array(count).fill(() => run({ window: blank })),
    ...(isFirst ? [() => structureOf(drawnPage())] : []),
  ];
  while (cold.length) {
    await cold.shift()();
    await new Promise((resolve) => setTimeout(resolve)); // A page that has come goes first.
  }
}

/** A page with two empty staves, which three bar lines join. */
function drawnPage() {
  const side = 400;
  const grey = new Uint8Array(side ** 2).fill(255);
  const [left, right] = [40, 360];
  for (const top of [100, 250]) {
    for (let y = top; y <= top + 40; y += 10) grey.fill(0, y * side + left, y * side + right);
  }
  for (let y = 100; y <= 290; y += 1) {
    for (const x of [left, 200, right - 1]) grey[y * side + x] = 0;
  }
  return { grey, width: side, height: side };
}

/**
 * Finds the structure of a page, and cuts it into windows.
 *
 * @param {object} argument
 * @param {ImageBitmap} argument.picture It is closed.
 * @param {object} argument.about Content of model.json of the network that will read the windows.
 * @param {function({structure: object, factor: number, scale: number[], windows: object[]})} report
 *   Told the structure, see `structureOf`, as soon as its staves are known, in pixels of the page
 *   as it was looked at, which is `factor` times smaller than the page; and what `cut` returns, no
 *   windows if there are no staves. Other workers can begin with these.
 * @returns {object} The whole structure, in the same pixels.
 */
export function structureAndWindows({ picture, about }, report) {
  cold = [];
  const { factor, ...page } = reduced(picture);
  const none = { windows: [], scale: [1, 1] };
  return structureOf(page, (structure) => {
    const { staffSpace } = structure;
    report({ structure, factor, ...(staffSpace ? cut(page, staffSpace, about) : none) });
  });
}

/**
 * The symbols that belong to a window.
 *
 * @param {object} argument
 * @param {string} argument.name Name of the network's folder in models/.
 * @param {Uint8Array} argument.pixels The window's.
 * @param {number[]} argument.corner See `cut`.
 * @param {number[]} argument.core See `cut`.
 * @param {number[]} argument.scale See `cut`.
 * @param {function} report See `load`.
 * @returns {Promise<{label: string, confidence: number, box: number[]}[]>} Boxes are in pixels of
 *   the page as it was looked at.
 */
export async function symbolsIn({ name, pixels, corner, core, scale }, report) {
  cold = [];
  const { about, run } = await load(name, report);
  const least = Math.fround(logOdds(about.threshold));
  const found = objects(await run({ window: pixels }), { corner, core }, scale, least, about);
  return found.map(({ box, label, logOdds: odds }) => ({
    label: about.classes[label],
    confidence: sigmoid(odds),
    box,
  }));
}

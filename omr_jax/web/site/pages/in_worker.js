// What the worker does for a page: its structure and windows, and the symbols in each window.

import { logOdds, sigmoid } from '../network/answer.js';
import { load } from '../network/sessions.js';
import { structureOf } from '../structure/find.js';
import { reduced } from './whole_pages.js';
import { cut, objects } from './windows.js';

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
  const { about, run } = await load(name, report);
  const least = Math.fround(logOdds(about.threshold));
  const found = objects(await run({ window: pixels }), { corner, core }, scale, least, about);
  return found.map(({ box, label, logOdds: odds }) => ({
    label: about.classes[label],
    confidence: sigmoid(odds),
    box,
  }));
}

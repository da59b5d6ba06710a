// Which symbol is this? From a picture of it to the network's answer; in the worker.

import { inked } from './ink.js';
import { load } from './sessions.js';

const MODEL = 'homus_scans';
const LONGEST = 1024; // Longest side of a cut in pixels, as in the Python package.

/**
 * The probability of each class for the symbol in a picture.
 *
 * @param {object} argument
 * @param {ImageBitmap} argument.picture One symbol with some paper around it. It is closed.
 * @param {function} report See `load`.
 * @returns {Promise<{probabilities: Float32Array, seen: Uint8Array}>} In the order of the classes
 *   in model.json; and the picture that the network read.
 * @throws {Error} There is no single symbol; the message is for the user.
 */
export async function symbolIn({ picture }, report) {
  const { about, run } = await load(MODEL, report);
  const zoom = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) =>
    Math.max(1, Math.round(side * zoom)),
  );
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.fillStyle = 'white'; // Below transparent pixels.
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  const image = inked(context.getImageData(0, 0, width, height).data, width, about.picture);
  const { probabilities } = await run({ image });
  return { probabilities, seen: image };
}

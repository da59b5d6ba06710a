// Is this a page of music? From a picture to the network's answer; in the worker.

import { answer, logOdds, shares } from './answer.js';
import { load } from './sessions.js';
import { boxes, brightness, ground, views } from './views.js';

let canvas = null; // One for all pictures, as a camera has many.

/**
 * Classifies a picture.
 *
 * @param {object} argument
 * @param {ImageBitmap} argument.picture It is closed.
 * @param {number} argument.width Width at which it is read, in pixels.
 * @param {number} argument.height Height at which it is read, in pixels.
 * @param {boolean} argument.opaque Whether it is known to have no transparent pixels.
 * @param {boolean} argument.withViews Whether to return what the network reads, too.
 * @param {function} report See `load`.
 * @returns {Promise<object>} What `answer` returns; `boxes`, see `music`; `shares`, see `shares`,
 *   or null where the network gives none; `places`, the box of each part; and `views`, or null.
 */
export async function classify({ picture, width, height, opaque, withViews }, report) {
  const { about, run } = await load('scores', report);
  const grey = brightness(pixels(picture, width, height, opaque, about), about);
  const seen = views(grey, width, height, about);
  const outputs = await run({ views: seen });
  const found = answer(about, outputs.probabilities);
  return {
    ...found,
    boxes: music(about, found.label, outputs.log_odds, width, height),
    shares: outputs.log_odds ? shares(about, outputs.log_odds) : null,
    places: boxes(width, height, about.picture),
    views: withViews ? seen : null,
  };
}

/**
 * Where the music is: the parts that are music by themselves, or the whole picture if none is.
 *
 * @param {object} about Content of model.json.
 * @param {string} label The answer for the picture; what is no music has no boxes.
 * @param {?Float32Array} logOddsOfViews Missing for models of earlier versions.
 * @param {number} width Width of the picture in pixels.
 * @param {number} height Height of the picture in pixels.
 * @returns {?number[][]} Left, top, right and bottom of each in pixels; null where it is not known.
 */
export function music(about, label, logOddsOfViews, width, height) {
  if (!logOddsOfViews) return null;
  if (label !== about.classes[1]) return [];
  const least = logOdds(about.threshold);
  const parts = boxes(width, height, about.picture).filter((_, i) => logOddsOfViews[i + 1] >= least);
  return parts.length ? parts : [[0, 0, width, height]];
}

/** The picture's pixels: red, green, blue and alpha of each. Below transparent ones is paper. */
function pixels(picture, width, height, opaque, about) {
  canvas ??= new OffscreenCanvas(width, height);
  if (canvas.width !== width || canvas.height !== height) {
    [canvas.width, canvas.height] = [width, height];
  }
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.globalCompositeOperation = 'copy';
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  if (!opaque) {
    context.fillStyle = ground(context.getImageData(0, 0, width, height).data, about);
    context.globalCompositeOperation = 'destination-over';
    context.fillRect(0, 0, width, height);
  }
  return context.getImageData(0, 0, width, height).data;
}

// Is this a page of music? From a picture file or a video's frame to the network's answer.

import { answer, load, logOdds } from './model.js';
import { boxes, brightness, ground, views } from './picture.js';

// Sizes in pixels. Larger pictures are reduced first, to save time, until the long side has the
// first size; but where that would blur the parts of a long picture, until the short side has the
// second. The third is the longest side that browsers can draw.
const LONG_SIDE = 1600;
const SHORT_SIDE = 400;
const LONGEST_SIDE = 16384;
const MOST_MEGAPIXELS = 60; // Browsers fail to draw much larger pictures.

const canvas = document.createElement('canvas');

/**
 * Decodes a picture file.
 *
 * @param {File} file What the user has chosen.
 * @returns {Promise<{picture: ImageBitmap, width: number, height: number}>} The picture, and the
 *   size at which to draw it.
 * @throws {Error} It is no picture or too large; the message is for the user.
 */
export async function readPicture(file) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name}: not a picture that this browser can read, or damaged.`);
  }
  if (picture.width * picture.height > MOST_MEGAPIXELS * 1e6) {
    throw new Error(
      `${file.name}: too large; reduce it to at most ${MOST_MEGAPIXELS} million pixels.`,
    );
  }
  const long = Math.max(picture.width, picture.height);
  const short = Math.min(picture.width, picture.height);
  const zoom = Math.min(1, LONGEST_SIDE / long, Math.max(LONG_SIDE / long, SHORT_SIDE / short));
  const reduced = (side) => Math.max(1, Math.round(side * zoom));
  return { picture, width: reduced(picture.width), height: reduced(picture.height) };
}

/**
 * Classifies a picture.
 *
 * @param {ImageBitmap | HTMLVideoElement} source What can be drawn on a canvas.
 * @param {number} width Width at which it is drawn, in pixels.
 * @param {number} height Height at which it is drawn, in pixels.
 * @returns {Promise<object>} What `answer` of model.js returns, and `boxes`, see `music`.
 */
export async function classify(source, width, height) {
  const { about, run } = await load('scores');
  const grey = brightness(draw(source, width, height, about), about);
  const outputs = await run({ views: views(grey, width, height, about) });
  const found = answer(about, outputs.probabilities);
  return { ...found, boxes: music(about, found.label, outputs.log_odds, width, height) };
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
function draw(source, width, height, about) {
  canvas.width = width; // This clears it.
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(source, 0, 0, width, height);
  context.fillStyle = ground(context.getImageData(0, 0, width, height).data, about);
  context.globalCompositeOperation = 'destination-over';
  context.fillRect(0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

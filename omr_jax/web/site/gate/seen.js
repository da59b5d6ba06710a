// What the network sees: the whole picture and its parts, each with how probable music is there.

import { element } from '../common/element.js';

/**
 * @param {HTMLElement} place Where they are shown.
 * @param {object} answer What `classify` returns, with `views` and `shares`.
 * @param {{width: number, height: number}} layout `picture` of model.json.
 * @param {number} width Width of the picture in pixels; parts are shown in its proportions.
 * @param {number} height Height of the picture in pixels.
 */
export function showSeen(place, { views, shares, places }, { width, height }, ...whole) {
  const boxes = [[0, 0, ...whole], ...places];
  const size = width * height;
  const columns = new Set(places.map(([left]) => left)).size;
  const shown = boxes.map((box, i) => {
    const proportion = (box[2] - box[0]) / (box[3] - box[1]);
    return one(views.subarray(i * size, (i + 1) * size), width, proportion, shares?.[i]);
  });
  const parts = element('div', { className: 'parts' }, ...shown.slice(1));
  parts.style.setProperty('--columns', columns);
  place.replaceChildren(shown[0], parts);
}

function one(grey, width, proportion, share) {
  const canvas = element('canvas');
  paintGrey(canvas, grey, width);
  canvas.style.aspectRatio = proportion;
  const figure = element('figure', {}, canvas);
  if (share !== undefined) {
    figure.classList.toggle('music', share >= 0.5);
    figure.append(element('figcaption', {}, `${(100 * share).toFixed(0)} %`));
  }
  return figure;
}

/** Shows on a canvas what a network has read: brightnesses, row by row. */
export function paintGrey(canvas, grey, width) {
  [canvas.width, canvas.height] = [width, grey.length / width];
  const pixels = new ImageData(canvas.width, canvas.height);
  const { data } = pixels;
  for (let i = 0, j = 0; i < grey.length; i += 1, j += 4) {
    data[j] = data[j + 1] = data[j + 2] = grey[i];
    data[j + 3] = 255;
  }
  canvas.getContext('2d').putImageData(pixels, 0, 0);
}

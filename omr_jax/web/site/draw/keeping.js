// Keeping what was drawn: as a file of strokes, as a picture, as text, and in the strip below.

import { copy, download, downloadJson } from '../common/download.js';
import { boxOf } from '../common/glyphs.js';
import { spoken } from '../common/names.js';
import { triedIn } from '../common/tried.js';
import { describe } from '../network/client.js';
import { paintStrokes } from './paper.js';

const MARGIN = 8; // Units of paper around a symbol in its picture.
const ZOOM = 4; // Pixels of a saved picture for each unit.

/**
 * Gives the buttons of the part “Draw” their work.
 *
 * @param {HTMLElement} part
 * @param {object} pen See `penOn`.
 * @param {string} model Name of the network.
 * @param {function} best See `classesIn`.
 * @param {function} replace Shows other strokes in place of those that are there.
 * @returns {{keep: function}} `keep` adds the drawing and its answer to the strip.
 */
export function keeping(part, pen, model, best, replace) {
  const find = (id) => part.querySelector(`#${id}`);
  let strip = null;
  describe(model).then(
    ({ classes }) => {
      strip = triedIn(find('draw-tried'), {
        name: 'omr_jax symbols',
        classes,
        say: spoken,
        open: ({ strokes }) => replace(copied(strokes)),
      });
    },
    () => {}, // The part itself says that the network does not come.
  );

  find('save-strokes').addEventListener('click', () => {
    // As `omr predict` reads it.
    if (pen.strokes.length) downloadJson({ strokes: pen.strokes }, 'symbol.json');
  });
  find('save-picture').addEventListener('click', async () => {
    if (pen.strokes.length) download(await saved(pen.strokes), 'symbol.png');
  });
  find('copy-symbol').addEventListener('click', (event) => {
    if (best()) copy(`${best().words} (omr_jax)`, event.currentTarget);
  });

  return {
    keep() {
      if (!best()) return;
      const [strokes, picture] = [copied(pen.strokes), drawn(pen.strokes, 1).toDataURL()];
      strip?.add({ ...best(), strokes, picture });
    },
  };
}

function copied(strokes) {
  return strokes.map((stroke) => stroke.map((point) => [...point]));
}

function saved(strokes) {
  return new Promise((resolve) => drawn(strokes, ZOOM).toBlob(resolve, 'image/png'));
}

/** The strokes, black on white, with some paper around them. */
function drawn(strokes, zoom) {
  const [left, top, right, bottom] = boxOf(strokes);
  const side = Math.max(right - left, bottom - top) + 2 * MARGIN;
  const [x, y] = [(left + right - side) / 2, (top + bottom - side) / 2];
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = Math.ceil(side * zoom);
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.setTransform(zoom, 0, 0, zoom, -x * zoom, -y * zoom);
  paintStrokes(context, strokes, 'black');
  return canvas;
}

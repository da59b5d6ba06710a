// Boxes over a picture or video, where the music is.

import { rectangle } from '../common/svg.js';

/**
 * Draws boxes in place of those before.
 *
 * @param {SVGElement} overlay It covers the element that shows the picture.
 * @param {number[][]} boxes Left, top, right and bottom of each, in pixels of the picture.
 * @param {number} width Width of the picture in pixels.
 * @param {number} height Height of the picture in pixels.
 */
export function showBoxes(overlay, boxes, width, height) {
  const shown = JSON.stringify([boxes, width, height]);
  if (overlay.dataset.shown === shown) return; // Of a camera that is held still.
  overlay.dataset.shown = shown;
  overlay.setAttribute('viewBox', `0 0 ${width} ${height}`);
  overlay.replaceChildren(...boxes.map(rectangle));
}

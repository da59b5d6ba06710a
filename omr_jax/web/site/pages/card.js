// What one symbol is: its picture, its name as people say it, and where it is.

import { placed, said } from './names.js';
import { kinds as colours, symbols as known } from './symbols.js';

const SIDE = 288; // Height and width of the picture of a symbol, in pixels.
const AROUND = 0.6; // How much of the page is seen around a symbol, as a share of its longer side.
const LEAST = 24; // The least number of pixels of the page that are seen along each side.

/**
 * Shows symbols in an element with the parts `canvas`, `.name`, `.where`, `.called` and `.spoken`.
 *
 * @returns {{show: function, clear: function}} `show` takes a symbol, see `detect`; a canvas with
 *   the page; and how many times larger than the page this canvas is.
 */
export function cardIn(element) {
  const [canvas, name, where, called, spoken, hint] = [
    ...['canvas', '.name', '.where', '.called', '.spoken', '.hint'],
  ].map((each) => element.querySelector(each));
  [canvas.width, canvas.height] = [SIDE, SIDE];

  function paint({ box: [left, top, right, bottom], label }, page, zoom) {
    const longer = Math.max(right - left, bottom - top);
    const side = Math.max(LEAST, longer * (1 + 2 * AROUND));
    const [x, y] = [(left + right - side) / 2, (top + bottom - side) / 2];
    const context = canvas.getContext('2d');
    context.fillStyle = 'white';
    context.fillRect(0, 0, SIDE, SIDE);
    context.drawImage(page, ...[x, y, side, side].map((each) => each * zoom), 0, 0, SIDE, SIDE);
    context.strokeStyle = colours[known[label].kind];
    context.lineWidth = 3;
    const scale = SIDE / side;
    const corner = [(left - x) * scale, (top - y) * scale];
    context.strokeRect(...corner, (right - left) * scale, (bottom - top) * scale);
  }

  return {
    show(symbol, page, zoom) {
      const { label, confidence, staff, position } = symbol;
      const { smufl } = known[label];
      const share = `${(100 * confidence).toFixed(0)} %`;
      const place = staff === null ? 'On no staff' : `Staff ${staff + 1}, ${placed(position)}`;
      paint(symbol, page, zoom);
      name.textContent = said(label);
      where.textContent = `${share} sure. ${place}.`;
      called.textContent = smufl && smufl !== label ? `${label}, in SMuFL ${smufl}` : label;
      spoken.textContent = `${said(label)}, ${share}. ${place}.`;
      canvas.hidden = false;
      hint.hidden = true;
      element.style.setProperty('--kind', colours[known[label].kind]);
    },
    clear() {
      for (const each of [name, where, called, spoken]) each.textContent = '';
      canvas.hidden = true;
      hint.hidden = false;
    },
  };
}

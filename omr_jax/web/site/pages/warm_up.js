// Makes Page fast before the user's page comes: browsers compile what runs often, and do it well
// only then.

import { detect } from './detector.js';

const nothing = () => {};
const warm = new Set(); // Names of networks.

/**
 * Finds what is on a drawn page, once with each network. If this fails, the user's page says why.
 *
 * @param {string} name Name of the network's folder in models/.
 * @param {function(): boolean} goesOn Whether no other page has come yet.
 */
export async function warmUp(name, goesOn) {
  if (warm.has(name)) return;
  warm.add(name);
  const told = { goesOn, progress: nothing, staves: nothing, structure: nothing, symbols: nothing };
  await detect(drawnPage(), name, told).catch(nothing);
}

/** A page with three staves, which three bar lines join, and notes. It has four windows. */
function drawnPage() {
  const canvas = new OffscreenCanvas(700, 560);
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = 'black';
  for (const top of [100, 250, 400]) {
    for (let y = top; y <= top + 40; y += 10) context.fillRect(40, y, 600, 1);
    for (let x = 80; x < 600; x += 40) {
      context.fillRect(x + 5, top - 10, 1, 35);
      context.beginPath();
      context.ellipse(x, top + 25, 6, 4, 0, 0, 2 * Math.PI);
      context.fill();
    }
  }
  for (const x of [40, 340, 639]) context.fillRect(x, 100, 1, 341);
  return canvas.transferToImageBitmap();
}

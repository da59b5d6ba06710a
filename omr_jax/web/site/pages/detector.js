// Finds the symbols of a page with the help of workers, as omr_jax/predict/detector.py does.

import { ask, describe, isReady, WORKERS } from '../network/client.js';
import { positionOf } from '../structure/positions.js';
import { symbols as known } from './symbols.js';
import { completed, isTall } from './tall.js';

/**
 * Finds what is on a page.
 *
 * @param {ImageBitmap} picture It is given away.
 * @param {string} name Name of the network's folder in models/.
 * @param {object} told Functions that are told how far it is.
 * @param {function({loaded: number, total: number})} told.progress See `ask`.
 * @param {function(object)} told.staves The structure, as soon as its staves are known; it has no
 *   systems and measures yet. Symbols may come before these.
 * @param {function(object)} told.structure The whole structure.
 * @param {function(object[], number, number)} told.symbols Symbols that were found since the last
 *   call, how many windows are done, and of how many.
 * @param {function(): boolean} told.goesOn Whether the result is still wanted.
 * @returns {Promise<{structure: object, symbols: object[]}>} Places are in pixels of the picture.
 *   Symbols are {label, confidence, box, staff, position}: staff by staff from left to right, at
 *   the end those that are on no staff. Tall ones are known at the end only.
 * @throws {Error} A part does not come, or memory is short; the message is for the user.
 */
export async function detect(picture, name, told) {
  const { width, height } = picture;
  const about = await describe(name);
  const ready = Array.from({ length: WORKERS }, (_, place) => !place || isReady(name, place));
  const first = await stavesAndWindows(picture, about);
  const { factor, scale, windows } = first;
  const inPicture = (structure) => ({ ...enlarged(structure, factor), width, height });
  const known = inPicture(first.structure);
  told.staves(known);
  const whole = first.whole.then(inPicture);
  whole.then(told.structure, () => {});
  const symbols = [];
  const tall = [];
  let next = 0;
  let done = 0;

  /** The symbols in the next window, as a worker finds them; null if there is none. */
  function symbolsInNext(place) {
    if (next === windows.length || !told.goesOn()) return null;
    const argument = { ...windows[next], name, scale };
    next += 1;
    return ask('symbolsIn', argument, told.progress, [argument.pixels.buffer], place);
  }

  /** A worker takes one window after the other. */
  async function work(place) {
    if (!(await ready[place])) return;
    for (let coming = symbolsInNext(place); coming; ) {
      const found = await coming;
      coming = symbolsInNext(place); // It need not wait for what is done with those found.
      done += 1;
      const onPage = found.map((each) => enlargedBox(each, factor));
      tall.push(...onPage.filter(isTall));
      const mine = onPage.filter((each) => !isTall(each)).map((each) => onStaff(each, known));
      symbols.push(...mine);
      if (told.goesOn()) told.symbols(mine, done, windows.length);
    }
  }

  await Promise.all(Array.from({ length: WORKERS }, (_, place) => work(place)));
  const structure = await whole;
  const last = completed(tall, about.classes, structure).map((each) => onStaff(each, structure));
  symbols.push(...last);
  if (told.goesOn()) told.symbols(last, done, windows.length);
  return { structure, symbols: symbols.sort(inOrder) };
}

/**
 * What the first worker tells of a page when its staves are known, see `structureAndWindows`, and
 * as `whole` a promise of the whole structure.
 */
function stavesAndWindows(picture, about) {
  return new Promise((resolve, reject) => {
    const tell = (known) => resolve({ ...known, whole });
    const whole = ask('structureAndWindows', { picture, about }, tell, [picture]);
    whole.catch(reject);
  });
}

/** A structure in pixels of a page that is so many times larger. */
function enlarged({ staffSpace, staves, systems, measures }, factor) {
  const times = (numbers) => numbers.map((each) => each * factor);
  return {
    staffSpace: staffSpace * factor,
    staves: staves.map(({ x, lines }) => ({ x: times(x), lines: lines.map(times) })),
    systems,
    measures: measures.map(({ staff, left, right }) => ({
      staff,
      left: left * factor,
      right: right * factor,
    })),
  };
}

/** A symbol with its box in pixels of a page that is so many times larger. */
function enlargedBox(symbol, factor) {
  return { ...symbol, box: symbol.box.map((edge) => edge * factor) };
}

/** A symbol with its staff and its position there. */
function onStaff({ label, confidence, box }, { staves }) {
  return { label, confidence, box, ...positionOf(staves, box, known[label].anchor) };
}

function inOrder(one, other) {
  const key = ({ staff, box: [left, top] }) => [staff ?? Infinity, left, top];
  const [a, b] = [key(one), key(other)];
  const n = a.findIndex((each, i) => each !== b[i]);
  return n < 0 ? 0 : a[n] - b[n];
}

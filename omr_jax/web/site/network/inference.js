// The worker in which the networks are loaded and run, so that the page stays free for the user.
// `client.js` sends it calls, and gets progress, and a result or an error's message.

import { classify } from './classify.js';
import { load } from './sessions.js';

const PAGES = '../pages/in_worker.js';

const modules = new Map();

const calls = {
  /** Loads a network, so that a later call need not wait for it. */
  async load({ name }, report) {
    await load(name, report);
  },

  /** Whether a picture shows music, see `classify`. */
  classify,

  // Only one part of the page needs each of these modules, so the others don't wait for them.

  /** The staves of a page and its windows, see `structureAndWindows`. */
  structureAndWindows: async (argument, report) =>
    (await come(PAGES)).structureAndWindows(argument, report),

  /** The symbols in a window, see `symbolsIn`. */
  symbolsIn: async (argument, report) => (await come(PAGES)).symbolsIn(argument, report),

  /** The probability of each class of symbol in a picture, see `symbolIn`. */
  symbolIn: async (argument, report) => (await come('./symbol.js')).symbolIn(argument, report),

  /** The probability of each class for strokes, see `symbolOfStrokes`. */
  symbolOfStrokes: async (argument, report) =>
    (await come('./strokes.js')).symbolOfStrokes(argument, report),
};

/**
 * A module. Browsers import again those that they have in several turns, between which a worker
 * that has other things to do does all of these. So modules are kept here.
 */
async function come(path) {
  if (!modules.has(path)) {
    const module = await import(path).catch(() => {
      throw new Error('A part of this site does not come: is there a connection?');
    });
    modules.set(path, module);
  }
  return modules.get(path);
}

addEventListener('message', async ({ data: { id, call, argument } }) => {
  try {
    const result = await calls[call](argument, (progress) => postMessage({ id, progress }));
    postMessage({ id, result });
  } catch (error) {
    postMessage({ id, error: error.message });
  }
});

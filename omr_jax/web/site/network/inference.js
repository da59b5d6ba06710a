// The worker in which the networks are loaded and run, so that the page stays free for the user.
// `client.js` sends it calls, and gets progress, and a result or an error's message.

import { Lasting } from '../common/lasting.js';
import { retried } from '../common/retried.js';
import { classify } from './classify.js';
import { load } from './sessions.js';

// Only one part of the page needs each of these modules, so the others don't wait for them.
const pages = kept(retried((query) => import(`../pages/in_worker.js${query}`)));
const symbol = kept(retried((query) => import(`./symbol.js${query}`)));
const strokes = kept(retried((query) => import(`./strokes.js${query}`)));

const calls = {
  /** Loads a network, so that a later call need not wait for it. */
  async load({ name }, report) {
    await load(name, report);
  },

  /** Whether a picture shows music, see `classify`. */
  classify,

  /** The staves of a page and its windows, see `structureAndWindows`. */
  structureAndWindows: async (argument, report) =>
    (await pages()).structureAndWindows(argument, report),

  /** The symbols in a window, see `symbolsIn`. */
  symbolsIn: async (argument, report) => (await pages()).symbolsIn(argument, report),

  /** The probability of each class of symbol in a picture, see `symbolIn`. */
  symbolIn: async (argument, report) => (await symbol()).symbolIn(argument, report),

  /** The probability of each class for strokes, see `symbolOfStrokes`. */
  symbolOfStrokes: async (argument, report) => (await strokes()).symbolOfStrokes(argument, report),
};

/**
 * A function that promises a module, which its first call imports. Browsers import again what they
 * have in several turns, and between these a worker does whatever else it has to do.
 */
function kept(bring) {
  let module = null;
  return async () => {
    module ??= await bring().catch(() => {
      throw new Error('A part of this site does not come: is there a connection?');
    });
    return module;
  };
}

addEventListener('message', async ({ data: { id, call, argument } }) => {
  try {
    const result = await calls[call](argument, (progress) => postMessage({ id, progress }));
    postMessage({ id, result });
  } catch (error) {
    postMessage({ id, error: error.message, lasts: error instanceof Lasting });
  }
});

// What the page asks of the networks. They run in a worker on this device: nothing leaves it.

import { Lasting } from '../common/lasting.js';

const NOT_STARTED =
  'The part of this page that computes does not start: use a current browser, or check the ' +
  'connection.';

const MOST = navigator.deviceMemory < 4 ? 2 : 4; // Gigabytes, where the browser tells.

/** So many workers share what can be computed at the same time. Each takes about 150 MB. */
export const WORKERS = Math.min(navigator.hardwareConcurrency || 1, MOST);

const described = new Map();
const workers = [];
let count = 0; // Of all calls so far; the number of each is its id.
const waiting = new Map(); // The calls that have no result yet, by id.

/**
 * What a network is and how its inputs are prepared. It is fetched once.
 *
 * @param {string} name Name of the network's folder in models/.
 * @returns {Promise<object>} The content of its model.json.
 * @throws {Error} It is missing; the message is for the user.
 */
export function describe(name) {
  if (!described.has(name)) {
    const promise = fetch(new URL(`../models/${name}/model.json`, import.meta.url)).then(
      (response) => (response.ok ? response.json() : Promise.reject()),
    );
    const said = promise.catch(() => {
      described.delete(name);
      throw new Error('The description of the network does not come: is there a connection?');
    });
    described.set(name, said);
  }
  return described.get(name);
}

/**
 * Calls a function of the worker.
 *
 * @param {string} call One of the functions in `inference.js`.
 * @param {object} argument What it takes.
 * @param {function(object)} [progress] Told what the call reports before its end: for most calls
 *   {loaded, total}, how many bytes of a network have come, if it must be loaded first.
 * @param {Transferable[]} [transfer] Parts of the argument that are given away.
 * @param {number} [place] Which of the workers.
 * @returns {Promise} What it returns.
 * @throws {Error} The message is for the user.
 */
export function ask(call, argument, progress, transfer = [], place = 0) {
  workers[place] ??= started(place);
  count += 1;
  const id = count;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, progress, place });
    workers[place].postMessage({ id, call, argument }, transfer);
  });
}

/**
 * Loads a network in one more worker. Where memory is too short for it, the others go on alone.
 *
 * @param {string} name Name of the network's folder in models/.
 * @param {number} place Which of the workers.
 * @returns {Promise<boolean>} Whether it is ready; there is no error.
 */
export function isReady(name, place) {
  return ask('load', { name }, null, [], place).then(
    () => true,
    () => false,
  );
}

function started(place) {
  const made = new Worker(new URL('./inference.js', import.meta.url), { type: 'module' });
  made.addEventListener('message', ({ data }) => receive(data));
  made.addEventListener('error', () => {
    // None of its files came, or the browser is too old. The next call starts another one.
    workers[place] = null;
    for (const [id, call] of waiting) {
      if (call.place !== place) continue;
      waiting.delete(id);
      call.reject(new Error(NOT_STARTED));
    }
  });
  return made;
}

function receive({ id, progress, result, error, lasts }) {
  const call = waiting.get(id);
  if (progress) {
    call.progress?.(progress);
    return;
  }
  waiting.delete(id);
  if (error === undefined) call.resolve(result);
  else call.reject(new (lasts ? Lasting : Error)(error));
}

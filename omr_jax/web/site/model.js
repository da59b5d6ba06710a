// The exported networks, run by ONNX Runtime Web on this machine: nothing leaves the browser.

import * as ort from './ort/ort.wasm.min.mjs';

ort.env.wasm.wasmPaths = new URL('./ort/', import.meta.url).href;
ort.env.wasm.numThreads = 1; // More need headers that not every server sends.

const loaded = new Map();

/**
 * Loads a network once.
 *
 * @param {string} name Of its folder in models/.
 * @returns {Promise<{about: object, run: function}>} `about` is model.json; `run` takes inputs by
 *   name, typed arrays of one example, and gives its probabilities.
 */
export function load(name) {
  if (!loaded.has(name)) {
    const opening = open(name);
    opening.catch(() => loaded.delete(name)); // To be tried again.
    loaded.set(name, opening);
  }
  return loaded.get(name);
}

async function open(name) {
  const folder = new URL(`./models/${name}/`, import.meta.url);
  const answer = await fetch(new URL('model.json', folder));
  if (!answer.ok) throw new Error(`The model “${name}” is missing; run “make web” again.`);
  const about = await answer.json();
  const session = await ort.InferenceSession.create(new URL('model_int8.onnx', folder).href);
  const once = async (inputs) => {
    const feeds = {};
    for (const [input, [type, shape]] of Object.entries(about.inputs)) {
      feeds[input] = new ort.Tensor(type, inputs[input], [1, ...shape.slice(1)]);
    }
    return (await session.run(feeds)).probabilities.data;
  };
  let before = Promise.resolve(); // A session works on one at a time.
  const run = (inputs) => {
    const mine = before.then(() => once(inputs));
    before = mine.catch(() => {});
    return mine;
  };
  return { about, run };
}

/** The answer to probabilities: its class, and how sure that is. */
export function answer(about, probabilities) {
  let best = 0;
  probabilities.forEach((share, i) => {
    if (share > probabilities[best]) best = i;
  });
  if (about.threshold !== null) best = Number(probabilities[1] >= about.threshold);
  return { label: about.classes[best], confidence: probabilities[best] };
}

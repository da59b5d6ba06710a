// The trained networks. ONNX Runtime Web runs them on this device: nothing leaves the browser.

import * as ort from './ort/ort.wasm.min.mjs';

ort.env.wasm.wasmPaths = new URL('./ort/', import.meta.url).href;
ort.env.wasm.numThreads = 1; // Several threads need HTTP headers that not every server sends.

const described = new Map();
const loaded = new Map();

/**
 * What a network is and how its inputs are prepared. It is fetched once.
 *
 * @param {string} name Name of the network's folder in models/.
 * @returns {Promise<object>} The content of its model.json.
 * @throws {Error} It is missing; the message is for the user.
 */
export function describe(name) {
  return once(described, name, async () => {
    const response = await fetch(new URL(`./models/${name}/model.json`, import.meta.url));
    if (!response.ok) throw new Error(`The model “${name}” is missing; build the site again.`);
    return response.json();
  });
}

/**
 * A network that is ready to run. It is loaded once.
 *
 * @param {string} name Name of the network's folder in models/.
 * @returns {Promise<{about: object, run: function}>} `about` is the content of model.json; `run`
 *   takes the inputs of one example, typed arrays by name, and promises its outputs, as
 *   model.json names them, in the same form.
 * @throws {Error} It is missing; the message is for the user.
 */
export function load(name) {
  return once(loaded, name, async () => {
    const about = await describe(name);
    const file = new URL(`./models/${name}/model_int8.onnx`, import.meta.url);
    const session = await ort.InferenceSession.create(file.href);
    return { about, run: inTurn((inputs) => outputs(session, about, inputs)) };
  });
}

/** What `make` promises for a name; it is made once, and again only after it has failed. */
function once(kept, name, make) {
  if (!kept.has(name)) {
    const promise = make();
    promise.catch(() => kept.delete(name));
    kept.set(name, promise);
  }
  return kept.get(name);
}

async function outputs(session, about, inputs) {
  const feeds = {};
  for (const [name, [type, shape]] of Object.entries(about.inputs)) {
    feeds[name] = new ort.Tensor(type, inputs[name], [1, ...shape.slice(1)]);
  }
  const found = await session.run(feeds);
  return Object.fromEntries(Object.keys(about.output).map((name) => [name, found[name].data]));
}

/** The same function, but a call waits until the one before has ended: a session runs only one. */
function inTurn(call) {
  let previous = Promise.resolve();
  return (argument) => {
    const promise = previous.then(() => call(argument));
    previous = promise.catch(() => {});
    return promise;
  };
}

/**
 * The answer of a network with a threshold. It has two classes, and the second one is the answer if
 * its probability reaches the threshold.
 *
 * @param {object} about Content of model.json.
 * @param {Float32Array} probabilities One for each class.
 * @returns {{label: string, confidence: number, sure: boolean}} The class; its calibrated
 *   probability, one half at the threshold and more the farther from it; and whether that is high
 *   enough to show the class to people.
 */
export function answer(about, probabilities) {
  const label = about.classes[Number(probabilities[1] >= about.threshold)];
  const distance = Math.abs(logOdds(probabilities[1]) - logOdds(about.threshold));
  const confidence = 1 / (1 + Math.exp(-distance));
  return { label, confidence, sure: confidence >= (about.sure ?? 0) };
}

const CLOSEST = 1e-12; // Probabilities nearer to 0 or 1 are rounded ones.

/** ln(p / (1 - p)) of a probability, finite. */
export function logOdds(probability) {
  const inside = Math.min(Math.max(probability, CLOSEST), 1 - CLOSEST);
  return Math.log(inside / (1 - inside));
}

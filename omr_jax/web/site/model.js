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
 *   takes the inputs of one example, typed arrays by name, and promises its probabilities.
 * @throws {Error} It is missing; the message is for the user.
 */
export function load(name) {
  return once(loaded, name, async () => {
    const about = await describe(name);
    const file = new URL(`./models/${name}/model_int8.onnx`, import.meta.url);
    const session = await ort.InferenceSession.create(file.href);
    return { about, run: inTurn((inputs) => probabilities(session, about, inputs)) };
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

async function probabilities(session, about, inputs) {
  const feeds = {};
  for (const [name, [type, shape]] of Object.entries(about.inputs)) {
    feeds[name] = new ort.Tensor(type, inputs[name], [1, ...shape.slice(1)]);
  }
  const [output] = Object.keys(about.output);
  return (await session.run(feeds))[output].data;
}

/** The same function, but a call starts when the one before has ended: a session runs one. */
function inTurn(call) {
  let previous = Promise.resolve();
  return (argument) => {
    const promise = previous.then(() => call(argument));
    previous = promise.catch(() => {});
    return promise;
  };
}

/**
 * The answer that a network gives with its probabilities.
 *
 * @param {object} about Content of model.json. With a threshold there are two classes, and the
 *   second one is the answer if its probability reaches the threshold.
 * @param {Float32Array} probabilities One for each class.
 * @returns {{label: string, confidence: number}} The class and its probability.
 */
export function answer(about, probabilities) {
  const best =
    about.threshold === null
      ? probabilities.indexOf(Math.max(...probabilities))
      : Number(probabilities[1] >= about.threshold);
  return { label: about.classes[best], confidence: probabilities[best] };
}

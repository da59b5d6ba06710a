// The trained networks, as ONNX Runtime Web runs them, in the worker.

import { Lasting } from '../common/lasting.js';
import { retried } from '../common/retried.js';
import { address, answered, fetched, isKept, together } from './fetching.js';

const WEBASSEMBLY = 'ort/ort-wasm-simd-threaded.wasm';
const onnxRuntime = retried((query) => import(`../ort/ort.wasm.bundle.min.mjs${query}`));

let runtime = null; // Promise of ONNX Runtime Web.
const loaded = new Map();

/**
 * A network that is ready to run. It is loaded once, and again only after that has failed.
 *
 * @param {string} name Name of the network's folder in models/.
 * @param {function({loaded: number, total: number})} report Told the bytes that have come.
 * @returns {Promise<{about: object, run: function}>} `about` is the content of model.json; `run`
 *   takes the inputs of one example, typed arrays by name, and promises its outputs, as
 *   model.json names them, in the same form.
 * @throws {Error} It cannot run here; the message is for the user.
 */
export function load(name, report = () => {}) {
  if (!loaded.has(name)) {
    const promise = make(name, report);
    promise.catch(() => loaded.delete(name));
    loaded.set(name, promise);
  }
  return loaded.get(name);
}

async function make(name, report) {
  if (typeof WebAssembly === 'undefined') {
    throw new Lasting(
      'This browser runs no WebAssembly, which the networks need: allow it in the settings of the ' +
        'browser, or use another browser.',
    );
  }
  const came = together(report, runtime ? 1 : 2);
  runtime ??= start(came);
  runtime.catch(() => {
    runtime = null;
  });
  const [ort, about, content] = await Promise.all([
    runtime,
    answered(`models/${name}/model.json`).then((response) => response.json()),
    fetched(`models/${name}/model_int8.onnx`, came),
  ]);
  // The kernels of detectors have 8 bits, but compute in float32, which they become now and not in
  // each run.
  const options = about.task === 'pages' ? { extra: { session: { disable_quant_qdq: '1' } } } : {};
  const session = await ort.InferenceSession.create(content, options).catch(() => {
    throw new Error(`The network “${name}” does not start: it is damaged, or memory is short.`);
  });
  return { about, run: inTurn((inputs) => outputs(ort, session, about, inputs)) };
}

async function start(came) {
  const [ort, binary] = await Promise.all([
    onnxRuntime().catch(() => {
      throw new Error('A part of this site does not come: is there a connection?');
    }),
    (await isKept(WEBASSEMBLY)) ? came(WEBASSEMBLY, 0, 0) : fetched(WEBASSEMBLY, came),
  ]);
  // A file that is kept is read by the runtime itself, whose compiled form browsers keep too.
  if (binary) ort.env.wasm.wasmBinary = binary.buffer;
  else ort.env.wasm.wasmPaths = { wasm: address(WEBASSEMBLY).href };
  ort.env.wasm.numThreads = 1; // Several threads need HTTP headers that not every server sends.
  return ort;
}

async function outputs(ort, session, about, inputs) {
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

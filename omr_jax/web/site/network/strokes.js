// Which symbol was drawn? From strokes to the network's answer; in the worker.

import { penPath } from './pen_path.js';
import { load } from './sessions.js';

// Whoever draws much smaller than the staff still means no dot, for which the network takes small
// symbols. So a dot that is large enough is looked at again, larger. What is then another symbol
// with this probability was no dot; dots look like nothing when they are that large.
const DOT = 'Dot';
const SMALLEST = 4.5; // Longer side of such a drawing, in units of the strokes.
const LARGER = 3;
const SURE = 0.95;

/**
 * The probability of each class for strokes.
 *
 * @param {object} argument
 * @param {string} argument.name Name of the network.
 * @param {number[][][]} argument.strokes See `penPath`.
 * @param {function} report See `load`.
 * @returns {Promise<{probabilities: Float32Array, isUnknown: boolean}>} In the order of the classes
 *   in model.json; and whether the strokes are probably none of them. Models that can't tell never
 *   say so.
 */
export async function symbolOfStrokes({ name, strokes }, report) {
  const { about, run } = await load(name, report);
  const ask = (given) => run({ pen: penPath(given, about) });
  const dot = about.classes.indexOf(DOT);
  const isDot = ({ probabilities }) => Math.max(...probabilities) === probabilities[dot];
  let found = await ask(strokes);
  if (isDot(found) && sideOf(strokes) >= SMALLEST) {
    const larger = await ask(strokes.map((line) => line.map(([x, y]) => [LARGER * x, LARGER * y])));
    if (!isDot(larger) && Math.max(...larger.probabilities) >= SURE) found = larger;
  }
  return { probabilities: found.probabilities, isUnknown: found.unknown?.[0] > 0 };
}

/** The longer side of the strokes' box. */
function sideOf(strokes) {
  const sides = [0, 1].map((axis) => {
    const all = strokes.flat().map((point) => point[axis]);
    return Math.max(...all) - Math.min(...all);
  });
  return Math.max(...sides);
}

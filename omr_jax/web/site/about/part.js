// The part “About”: what the networks are for, how often they are right, and where they end.

import { element } from '../common/element.js';
import { describe } from '../network/client.js';

const MODELS = {
  scores: 'Music or not',
  pages: 'What is on a printed page',
  pages_handwriting: 'What is on a page written by hand',
  homus_strokes: 'Symbols that you draw',
  homus_scans: 'Symbols in a photo',
};

const place = document.querySelector('#models');

/** How often a model was right in its test. */
function tested({ test, measured }) {
  if (test) return `${test.correct} of ${test.n} test pictures right`;
  const [precision, recall] = [measured.precision, measured.recall].map((share) =>
    (100 * share).toFixed(0),
  );
  return (
    `On ${measured.pages} test pages it found ${recall} % of the ${measured.n} symbols, and ` +
    `${precision} % of what it found was right`
  );
}

/** What the card of a model says, in short. */
function card(name, title, about) {
  const { files, run, use, limits, licence } = about;
  const megabytes = (files['model_int8.onnx'].bytes / 1e6).toFixed(1);
  const size = `${(run.parameters / 1e6).toFixed(1)} million weights, ${megabytes} MB`;
  return element(
    'article',
    {},
    element('h2', {}, title),
    element('p', {}, use),
    element('p', {}, `${tested(about)}; ${size}. Licence: ${licence}`),
    element('h3', {}, 'Where it ends'),
    element('ul', {}, ...limits.map((each) => element('li', {}, each))),
    element('a', { href: `./models/${name}/README.md` }, `The card of ${name}`),
  );
}

/** Called when this part is shown. */
export async function enter() {
  if (place.children.length) return;
  const shown = Object.entries(MODELS).map(async ([name, title]) => {
    try {
      return card(name, title, await describe(name));
    } catch (error) {
      return element('p', {}, error.message);
    }
  });
  place.replaceChildren(...(await Promise.all(shown)));
}

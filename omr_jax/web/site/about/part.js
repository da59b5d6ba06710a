// The part “About”: what the networks are for, how often they are right, and where they end.

import { describe } from '../network/client.js';

const MODELS = {
  scores: 'Music or not',
  homus_strokes: 'Symbols that you draw',
  homus_scans: 'Symbols in a photo',
};

const place = document.querySelector('#models');

function element(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

/** What the card of a model says, in short. */
function card(name, title, about) {
  const { test, files, run, use, limits, licence } = about;
  const article = document.createElement('article');
  const megabytes = (files['model_int8.onnx'].bytes / 1e6).toFixed(1);
  const right = `${test.correct} of ${test.n} test pictures right`;
  const size = `${(run.parameters / 1e6).toFixed(1)} million weights, ${megabytes} MB`;
  const list = document.createElement('ul');
  list.append(...limits.map((each) => element('li', each)));
  const link = element('a', `The card of ${name}`);
  link.href = `./models/${name}/README.md`;
  article.append(
    element('h2', title),
    element('p', use),
    element('p', `${right}; ${size}. Licence: ${licence}`),
    element('h3', 'Where it ends'),
    list,
    link,
  );
  return article;
}

/** Called when this part is shown. */
export async function enter() {
  if (place.children.length) return;
  const shown = Object.entries(MODELS).map(async ([name, title]) => {
    try {
      return card(name, title, await describe(name));
    } catch (error) {
      return element('p', error.message);
    }
  });
  place.replaceChildren(...(await Promise.all(shown)));
}

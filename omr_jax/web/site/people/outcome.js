// The end of a session: the person's score beside the network's and the paper's, and mistakes.

import { element } from '../common/element.js';
import { spoken } from '../common/names.js';

// From the paper, on its own test pictures: section VI for scores, section VI and table II else.
const PAPER = {
  symbols: { people: '95 %', network: '98.02 %' },
  scores: { people: '96.49 %', network: '98.5 %' },
};

/**
 * Counts who was right.
 *
 * @param {object[]} questions Each {id, label, model, picture}.
 * @param {object[]} answers For each question {answer}, or nothing.
 * @returns {{count: number, person: number, network: number, mistakes: object[]}} Over what the
 *   person has answered.
 */
export function counted(questions, answers) {
  const done = questions.map((each, i) => ({ ...each, given: answers[i]?.answer }));
  const answered = done.filter(({ given }) => given);
  const mistakes = answered.filter(({ given, label }) => given !== label);
  const network = answered.filter(({ model, label }) => model === label).length;
  return { count: answered.length, person: answered.length - mistakes.length, network, mistakes };
}

/** Shows the outcome in an element. */
export function showOutcome(place, { kind, questions }, answers) {
  const { count, person, network, mistakes } = counted(questions, answers);
  const share = (n) => `${((100 * n) / count).toFixed(1)} %, ${n} of ${count}`;
  const rows = [
    ['You', share(person)],
    ['The network, same pictures', share(network)],
    ['People in the paper, other pictures', PAPER[kind].people],
    ['The network of the paper, other pictures', PAPER[kind].network],
  ];
  const row = ([name, text]) =>
    element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, text));
  place.replaceChildren(
    element('h2', {}, count < questions.length ? 'So far' : 'Your result'),
    element('table', {}, element('tbody', {}, ...rows.map(row))),
    element('h3', {}, mistakes.length ? 'Where you differ from the truth' : 'All of them right'),
    element('ul', { className: 'mistakes' }, ...mistakes.map(mistake)),
  );
}

function mistake({ label, given, model, picture }) {
  const network = model === label ? 'and so said the network' : `the network said ${spoken(model)}`;
  const words = `It is: ${spoken(label)}, ${network}. You said: ${spoken(given)}.`;
  return element('li', {}, element('img', { src: picture, alt: '' }), element('span', {}, words));
}

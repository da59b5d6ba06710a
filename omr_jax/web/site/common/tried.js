// A strip of what was tried: a small picture and the answer of each, and what it really was if the
// answer was wrong. It is kept until the page is closed, and can be downloaded.

import { downloadJson } from './download.js';
import { element } from './element.js';

const MOST = 24; // So many are kept.

/**
 * Makes an element such a strip.
 *
 * @param {HTMLElement} place Empty; it is hidden while nothing was tried.
 * @param {object} options
 * @param {string} options.name Name of the downloaded file, without its ending.
 * @param {string[]} options.classes What an answer may really have been.
 * @param {function(string): string} options.say A class as people say it.
 * @param {function(object)} options.open Shows a kept item again.
 * @returns {{add: function(object)}} `add` takes {picture, words, label, ...}: a data: address, the
 *   answer in words, its class, and whatever else belongs into the file or is needed to show it
 *   again; `source` is not downloaded.
 */
export function triedIn(place, { name, classes, say, open }) {
  const list = element('ul');
  const save = element('button', { type: 'button' }, 'Download as JSON');
  place.className = 'tried';
  place.hidden = true;
  place.append(element('h2', {}, 'What you tried'), list, save);
  let items = [];

  function show() {
    place.hidden = !items.length;
    list.replaceChildren(...items.map(shown));
  }

  function shown(item) {
    const image = element('img', { src: item.picture, alt: 'Show again:' });
    const words = element('span', {}, item.words);
    const button = element('button', { type: 'button' }, image, words);
    button.addEventListener('click', () => open(item));
    return element('li', {}, button, correction(item));
  }

  function correction(item) {
    const options = classes.map((each) => new Option(`It was: ${say(each)}`, each));
    const choice = element('select', {}, new Option('Wrong? It was …', ''), ...options);
    choice.setAttribute('aria-label', `${item.words}: what was it?`);
    choice.value = item.said ?? '';
    choice.addEventListener('change', () => {
      if (choice.value) item.said = choice.value;
      else delete item.said;
    });
    return choice;
  }

  save.addEventListener('click', () => {
    const kept = items.map(({ source, ...others }) => others);
    downloadJson({ format: 1, tried: kept }, `${name}.json`);
  });

  return {
    add(item) {
      // What is shown again is there already.
      if (items.some(({ picture }) => picture === item.picture)) return;
      items = [item, ...items].slice(0, MOST);
      show();
    },
  };
}

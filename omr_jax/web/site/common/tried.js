// A strip of what was tried: a small picture and the answer of each, and what it really was if the
// answer was wrong. It is kept until the page is closed, and can be downloaded.

import { downloadJson } from './download.js';

const MOST = 24; // So many are kept.

/**
 * Makes an element such a strip.
 *
 * @param {HTMLElement} element Empty; it is hidden while nothing was tried.
 * @param {object} options
 * @param {string} options.name Name of the downloaded file, without its ending.
 * @param {string[]} options.classes What an answer may really have been.
 * @param {function(string): string} options.say A class as people say it.
 * @param {function(object)} options.open Shows a kept item again.
 * @returns {{add: function(object)}} `add` takes {picture, words, label, ...}: a data: address, the
 *   answer in words, its class, and whatever else belongs into the file or is needed to show it
 *   again; `source` is not downloaded.
 */
export function triedIn(element, { name, classes, say, open }) {
  const list = document.createElement('ul');
  const save = document.createElement('button');
  const title = document.createElement('h2');
  title.textContent = 'What you tried';
  save.type = 'button';
  save.textContent = 'Download as JSON';
  element.className = 'tried';
  element.hidden = true;
  element.append(title, list, save);
  let items = [];

  function show() {
    element.hidden = !items.length;
    list.replaceChildren(...items.map(shown));
  }

  function shown(item) {
    const entry = document.createElement('li');
    const button = document.createElement('button');
    const image = document.createElement('img');
    const words = document.createElement('span');
    button.type = 'button';
    image.src = item.picture;
    image.alt = 'Show again:';
    words.textContent = item.words;
    button.append(image, words);
    button.addEventListener('click', () => open(item));
    entry.append(button, correction(item));
    return entry;
  }

  function correction(item) {
    const choice = document.createElement('select');
    choice.setAttribute('aria-label', `${item.words}: what was it?`);
    choice.append(new Option('Wrong? It was …', ''));
    choice.append(...classes.map((each) => new Option(`It was: ${say(each)}`, each)));
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

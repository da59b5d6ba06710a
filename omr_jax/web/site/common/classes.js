// The most probable classes of a symbol: the first one large, with its glyph.

import { glyph, madeUp } from './glyphs.js';
import { spoken } from './names.js';

const MOST = 4; // So many classes are shown,
const LEAST = 0.01; // and only those that are at least this probable.

/**
 * @param {HTMLElement} list Where they are shown, an `ol`.
 * @param {?HTMLElement} aloud A live region for the first one.
 * @returns {{show: function, clear: function, speak: function, best: function}} `show` takes the
 *   names of all classes and the probability of each; `best` gives {label, confidence, words} of
 *   the first one, or null.
 */
export function classesIn(list, aloud = null) {
  let strokes = {};
  let best = null;
  madeUp().then((found) => {
    strokes = found;
  });

  function row({ name, probability }, place) {
    const item = document.createElement('li');
    const words = document.createElement('span');
    const share = document.createElement('span');
    words.className = 'name';
    words.textContent = spoken(name);
    share.className = 'percent';
    share.textContent = `${(100 * probability).toFixed(0)} %`;
    item.style.setProperty('--share', probability);
    if (!place && strokes[name]) item.append(glyph(strokes[name]));
    item.append(words, share);
    return item;
  }

  return {
    show(names, probabilities) {
      const all = names.map((name, i) => ({ name, probability: probabilities[i] }));
      const sorted = all.sort((a, b) => b.probability - a.probability);
      const shown = sorted.slice(0, MOST).filter(({ probability }, i) => !i || probability >= LEAST);
      list.replaceChildren(...shown.map(row));
      const [{ name, probability }] = shown;
      const words = `${spoken(name)}, ${(100 * probability).toFixed(0)} %`;
      best = { label: name, confidence: probability, words };
      list.dataset.label = name;
    },
    clear() {
      list.replaceChildren();
      best = null;
      list.dataset.label = '';
    },
    speak() {
      if (aloud) aloud.textContent = best?.words ?? '';
    },
    best: () => best,
  };
}

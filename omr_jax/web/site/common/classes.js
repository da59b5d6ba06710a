// The most probable classes of a symbol: the first one large, with its glyph.

import { glyph, madeUp } from './glyphs.js';
import { spoken } from './names.js';

const MOST = 4; // So many classes are shown,
const LEAST = 0.01; // and only those that are at least this probable.
const NONE = 'None of these';

/**
 * @param {HTMLElement} list Where they are shown, an `ol`.
 * @param {?HTMLElement} aloud A live region for the first one.
 * @returns {{show: function, clear: function, speak: function, best: function}} `show` takes the
 *   names of all classes, the probability of each, and whether it is probably none of them; `best`
 *   gives {label, confidence, isUnknown, words} of the first one, or null.
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

  /** Instead of classes: none of them, and in small print what it looks most like. */
  function rowOfNone(name) {
    const item = document.createElement('li');
    const words = document.createElement('span');
    const like = document.createElement('span');
    words.className = 'name';
    words.textContent = NONE;
    like.className = 'small';
    like.textContent = `looks most like: ${spoken(name)}`;
    item.style.setProperty('--share', 0);
    item.append(words, like);
    return item;
  }

  return {
    show(names, probabilities, isUnknown = false) {
      const all = names.map((name, i) => ({ name, probability: probabilities[i] }));
      const sorted = all.sort((a, b) => b.probability - a.probability);
      const shown = sorted.slice(0, MOST).filter(({ probability }, i) => !i || probability >= LEAST);
      const [{ name, probability }] = shown;
      list.replaceChildren(...(isUnknown ? [rowOfNone(name)] : shown.map(row)));
      const words = isUnknown
        ? `${NONE}; looks most like: ${spoken(name)}`
        : `${spoken(name)}, ${(100 * probability).toFixed(0)} %`;
      best = { label: name, confidence: probability, isUnknown, words };
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

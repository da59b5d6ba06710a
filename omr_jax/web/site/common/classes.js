// The most probable classes of a symbol: the first one large, with its glyph.

import { element } from './element.js';
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

  const span = (className, textContent) => element('span', { className, textContent });

  function row({ name, probability }, place) {
    const drawn = !place && strokes[name] ? [glyph(strokes[name])] : [];
    const share = span('percent', `${(100 * probability).toFixed(0)} %`);
    const item = element('li', {}, ...drawn, span('name', spoken(name)), share);
    item.style.setProperty('--share', probability);
    return item;
  }

  /** Instead of classes: none of them, and in small print what it looks most like. */
  function rowOfNone(name) {
    const like = span('small', `looks most like: ${spoken(name)}`);
    const item = element('li', {}, span('name', NONE), like);
    item.style.setProperty('--share', 0);
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

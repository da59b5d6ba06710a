// Choosing a class: by typing a part of its name, by a key, or by tapping it.

import { element } from '../common/element.js';
import { fitting, spoken } from '../common/names.js';

/**
 * @param {HTMLInputElement} field Where a name is typed.
 * @param {HTMLElement} options Where the classes that fit are shown, as buttons.
 * @param {function(string)} choose Called with the class that is chosen.
 * @returns {{ask: function, key: function(KeyboardEvent): boolean}} `ask` takes the questions, and
 *   the answer that was given before, and shows the classes; no class without questions. `key`
 *   deals with a key, and says whether it did.
 */
export function pickerIn(field, options, choose) {
  let asked = null;
  let before = null;

  // One of two classes is chosen by a single key, one of many by typing a part of its name.
  const isTyped = () => asked?.classes.length > 2;
  const keyOf = (name) => name[0].toLowerCase();

  function show() {
    const names = asked ? fitting(asked.classes, isTyped() ? field.value : '') : [];
    options.replaceChildren(...names.map(option));
  }

  /** A button for a class; it is marked if it has been chosen before. */
  function option(name, place) {
    const words = isTyped() ? spoken(name) : `${spoken(name)} (${keyOf(name)})`;
    const button = element('button', { type: 'button' }, words);
    button.dataset.name = name;
    button.classList.toggle('first', !place && field.value !== '');
    button.setAttribute('aria-pressed', String(before === name));
    const sample = asked.cheat?.[name];
    if (sample) button.prepend(element('img', { src: sample, alt: '' }));
    button.addEventListener('click', () => choose(name));
    return button;
  }

  field.addEventListener('input', show);
  return {
    ask(questions, answer) {
      [asked, before] = [questions, answer];
      field.value = '';
      show();
    },
    key(event) {
      if (!asked || event.ctrlKey || event.metaKey || event.altKey) return false;
      if (event.target === field) {
        const [first] = options.children;
        if (event.key !== 'Enter') return false;
        if (field.value.trim() && first) choose(first.dataset.name);
        return true;
      }
      if (isTyped() || event.target.matches('input')) return false;
      const name = asked.classes.find((each) => keyOf(each) === event.key.toLowerCase());
      if (name) choose(name);
      return Boolean(name);
    },
  };
}

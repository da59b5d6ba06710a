// Buttons that show and hide the staves and each kind of symbol, with how many there are.

import { element } from '../common/element.js';
import { onToggle } from '../common/toggle.js';
import { kinds as colours, symbols as known } from './symbols.js';

const STAVES = 'staves';

/**
 * Makes an element such a group of buttons.
 *
 * @param {HTMLElement} place Empty.
 * @param {function(string, boolean)} show Shows or hides a kind, or 'staves'.
 * @returns {{clear: function, structure: function, symbols: function}} `structure` counts the
 *   staves, `symbols` counts further symbols; `clear` forgets all of them, and shows every kind
 *   again.
 */
export function kindsIn(place, show) {
  const all = [STAVES, ...Object.keys(colours)];
  const buttons = Object.fromEntries(all.map((kind) => [kind, made(kind)]));
  place.append(...Object.values(buttons));

  function made(kind) {
    const words = `${kind[0].toUpperCase()}${kind.slice(1)} `;
    const count = element('span', { className: 'count' });
    const button = element('button', { type: 'button' }, words, count);
    button.dataset.kind = kind;
    button.style.setProperty('--kind', colours[kind] ?? 'var(--accent)');
    onToggle(button, (on) => show(kind, on));
    return button;
  }

  function add(kind, number) {
    const count = buttons[kind].querySelector('.count');
    count.textContent = Number(count.textContent) + number;
    buttons[kind].hidden = count.textContent === '0';
  }

  return {
    clear() {
      for (const [kind, button] of Object.entries(buttons)) {
        button.querySelector('.count').textContent = '';
        button.hidden = true;
        button.setAttribute('aria-pressed', 'true');
        show(kind, true);
      }
    },
    structure: ({ staves }) => add(STAVES, staves.length),
    symbols(symbols) {
      for (const { label } of symbols) add(known[label].kind, 1);
    },
  };
}

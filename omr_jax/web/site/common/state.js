// A line that says what a part of the page is waiting for, or why it can't go on, with a button to
// try again. It is a live region: its words change only when the state does.

import { element } from './element.js';
import { Lasting } from './lasting.js';

const MEGA = 1e6;

/**
 * Makes an element such a line.
 *
 * @param {HTMLElement} place Empty.
 * @returns {{wait: function, progress: function, parts: function, fail: function,
 *   clear: function}} `wait` shows words; `progress` how many bytes have come of how many, `parts`
 *   how many parts of the work are done; `fail` an error and, if given, a function that tries
 *   again, unless the error is lasting; `clear` hides the line.
 */
export function stateIn(place) {
  const words = element('p');
  const come = element('p', { className: 'small' });
  const bar = element('progress');
  const again = element('button', { type: 'button' }, 'Try again');
  words.setAttribute('role', 'status');
  place.classList.add('state');
  place.append(words, bar, come, again);
  let tryAgain = null;
  again.addEventListener('click', () => tryAgain());

  function show(kind, text) {
    place.dataset.state = kind;
    place.hidden = kind === 'clear';
    if (words.textContent !== text) words.textContent = text;
    bar.hidden = come.hidden = true;
    again.hidden = true;
  }

  function measure(what, value, max, text) {
    if (place.dataset.state !== 'wait') return;
    bar.hidden = come.hidden = false;
    bar.setAttribute('aria-label', what);
    [bar.max, bar.value] = [max, value];
    come.textContent = text;
  }

  show('clear', '');
  return {
    wait: (text) => show('wait', text),
    progress({ loaded, total }) {
      const [has, of] = [loaded, total].map((bytes) => (bytes / MEGA).toFixed(1));
      const text = loaded < total ? `${has} of ${of} MB` : `${of} MB; starting`;
      measure('Loaded', loaded, total, text);
    },
    parts(done, all) {
      measure('Done', done, all, `${done} of ${all} parts`);
    },
    fail(error, retry = null) {
      show('failed', error.message);
      tryAgain = retry;
      again.hidden = !retry || error instanceof Lasting;
      place.scrollIntoView({ block: 'nearest' }); // On a phone it may be below the screen.
    },
    clear: () => show('clear', ''),
  };
}

// Shows one of the page's sections at a time. The part of the address after # says which.

import * as camera from './camera.js';
import * as draw from './draw.js';
import * as human from './human.js';
import { describe } from './model.js';

const sections = { camera, draw, human }; // The first one is shown where the address names none.

function show() {
  const asked = location.hash.slice(1);
  const chosen = Object.hasOwn(sections, asked) ? asked : Object.keys(sections)[0];
  for (const [name, section] of Object.entries(sections)) {
    const element = document.querySelector(`#part-${name}`);
    if (name !== chosen && !element.hidden) section.leave?.();
    element.hidden = name !== chosen;
    const link = document.querySelector(`nav a[href="#${name}"]`);
    if (name === chosen) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  sections[chosen].enter?.();
}

/** Says under which terms the model of each section may be used. */
function showTerms() {
  for (const place of document.querySelectorAll('[data-terms]')) {
    const name = place.dataset.terms;
    const card = document.createElement('a');
    card.href = `./models/${name}/README.md`;
    card.textContent = name;
    describe(name).then(
      ({ licence }) => place.replaceChildren('Licence of the model ', card, `: ${licence}`),
      () => {}, // The section itself says that the model is missing.
    );
  }
}

addEventListener('hashchange', show);
show();
showTerms();
// It keeps a copy of the site, so that the next visit needs no network. The page works without it.
navigator.serviceWorker?.register('./worker.js').catch(() => {});

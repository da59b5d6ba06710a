// Shows one part of the page at a time. The part of the address after # says which.

import * as about from './about/part.js';
import { receiveFiles } from './common/picture_files.js';
import * as draw from './draw/part.js';
import * as camera from './gate/part.js';
import { describe } from './network/client.js';
import * as page from './pages/part.js';
import * as human from './people/part.js';
import * as photo from './photo/part.js';

const parts = { camera, page, draw, photo, human, about }; // Without a name the first one is shown.
const TITLES = {
  camera: 'Is it music?',
  page: 'What is on this page?',
  draw: 'Draw a music symbol',
  photo: 'Point at a symbol',
  human: 'How well do people do?',
  about: 'How it works',
};

let shown = null; // Name of the part that is shown.

function show() {
  const asked = location.hash.slice(1);
  if (asked === 'main' && shown) return null; // To skip the links above.
  const before = shown;
  shown = Object.hasOwn(parts, asked) ? asked : Object.keys(parts)[0];
  if (before) parts[before].leave?.();
  for (const name of Object.keys(parts)) {
    document.querySelector(`#part-${name}`).hidden = name !== shown;
    const link = document.querySelector(`nav a[href="#${name}"]`);
    if (name === shown) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `${TITLES[shown]} · omr_jax`;
  return parts[shown].enter?.();
}

/** Says under which terms the model of each part may be used. */
function showTerms() {
  for (const place of document.querySelectorAll('[data-terms]')) {
    const name = place.dataset.terms;
    const card = document.createElement('a');
    card.href = `./models/${name}/README.md`;
    card.textContent = name;
    describe(name).then(
      ({ licence }) => place.replaceChildren('Licence of the model ', card, `: ${licence}`),
      () => {}, // The part itself says that the model is missing.
    );
  }
}

/** It keeps a copy of the site, so that the next visit needs no network. The page works without. */
function keepSite() {
  navigator.serviceWorker?.register('./worker.js').catch(() => {});
}

addEventListener('hashchange', show);
document.querySelector('#starting').remove();
// What is wanted now comes first.
Promise.resolve(show()).finally(keepSite);
showTerms();
receiveFiles(() => parts[shown].receive ?? null);

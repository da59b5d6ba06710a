// Shows one part of the page at a time. The part of the address after # says which.

import { element } from './common/element.js';
import { receiveFiles } from './common/picture_files.js';
import { retried } from './common/retried.js';
import { stateIn } from './common/state.js';
import * as camera from './gate/part.js';
import { describe } from './network/client.js';

// The first part is shown without a name. The others are fetched when they are wanted.
const parts = {
  camera: () => camera,
  page: retried((query) => import(`./pages/part.js${query}`)),
  draw: retried((query) => import(`./draw/part.js${query}`)),
  photo: retried((query) => import(`./photo/part.js${query}`)),
  human: retried((query) => import(`./people/part.js${query}`)),
  about: retried((query) => import(`./about/part.js${query}`)),
};
const TITLES = {
  camera: 'Is it music?',
  page: 'What is on this page?',
  draw: 'Draw a music symbol',
  photo: 'Point at a symbol',
  human: 'How well do people do?',
  about: 'How it works',
};

const state = stateIn(document.querySelector('#part-state'));
let wanted = null; // Name of the part that is shown, or will be as soon as it is there.
let shown = null; // The module of the part that is shown.

async function show() {
  const asked = location.hash.slice(1);
  if (asked === 'main' && wanted) return; // To skip the links above.
  const name = Object.hasOwn(parts, asked) ? asked : Object.keys(parts)[0];
  wanted = name;
  shown?.leave?.();
  shown = null;
  mark(name);
  state.wait('Loading this part of the page');
  try {
    const found = await parts[name]();
    if (wanted !== name) return;
    shown = found;
  } catch {
    const error = new Error('This part of the page does not come: is there a connection?');
    if (wanted === name) state.fail(error, show);
    return;
  }
  state.clear();
  const section = document.querySelector(`#part-${name}`);
  section.hidden = false;
  showTerms(section);
  await shown.enter?.();
}

/** Marks the link to a part, and hides whatever was shown. */
function mark(name) {
  for (const each of Object.keys(parts)) {
    document.querySelector(`#part-${each}`).hidden = true;
    const link = document.querySelector(`nav a[href="#${each}"]`);
    if (each === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `${TITLES[name]} · omr_jax`;
}

/** Says under which terms the models of a part may be used. */
function showTerms(section) {
  for (const place of section.querySelectorAll('[data-terms]')) {
    const name = place.dataset.terms;
    const card = element('a', { href: `./models/${name}/README.md` }, name);
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
show().finally(keepSite);
receiveFiles(() => shown?.receive ?? null);

// The page's three parts, one at a time; the address says which.

import * as camera from './camera.js';
import * as draw from './draw.js';
import * as human from './human.js';

const parts = {};
for (const [name, module] of Object.entries({ camera, draw, human })) {
  const root = document.querySelector(`#part-${name}`);
  parts[name] = { root, ...module.start(root) };
}

function show() {
  const chosen = parts[location.hash.slice(1)] ? location.hash.slice(1) : 'camera';
  for (const [name, part] of Object.entries(parts)) {
    if (name !== chosen && !part.root.hidden) part.leave?.();
    part.root.hidden = name !== chosen;
    const link = document.querySelector(`nav a[href="#${name}"]`);
    if (name === chosen) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  parts[chosen].enter?.();
}

addEventListener('hashchange', show);
show();
// Kept for the next time, without a network too.
navigator.serviceWorker?.register('./worker.js').catch(() => {});

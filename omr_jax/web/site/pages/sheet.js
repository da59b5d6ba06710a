// The picture of a page with its staves and symbols drawn over it, of which the user chooses one.

import { rectangle, svg } from '../common/svg.js';
import { interpolated } from '../structure/filters.js';
import { kinds as colours, symbols as known } from './symbols.js';

const NEAR = 14; // How far from a symbol a tap may be, in pixels of the screen.
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/**
 * Shows pages in an element.
 *
 * @param {HTMLElement} element It can have the focus; it holds the other two.
 * @param {HTMLCanvasElement} canvas Shows the picture.
 * @param {SVGElement} overlay It covers the canvas.
 * @param {function(?object)} chosen Called with the symbol that the user chooses, or null.
 * @returns {object} Functions. `picture` shows one, reduced to a longest side in pixels;
 *   `structure` and `symbols` draw over it; `order` says in which order keys go through symbols;
 *   `show` shows or hides a kind; `enlarge` enlarges all or fits it in again; `zoom` tells how many
 *   times larger than the page the canvas is; `clear` removes everything.
 */
export function sheetIn(element, canvas, overlay, chosen) {
  const groups = Object.fromEntries(
    ['staves', ...Object.keys(colours).reverse(), 'chosen'].map((kind) => [kind, group(kind)]),
  );
  let symbols = [];
  let hidden = new Set();
  let current = null;
  let zoom = 1;

  function group(kind) {
    const made = svg('g', { class: kind });
    made.style.setProperty('--kind', colours[kind] ?? 'currentcolor');
    overlay.append(made);
    return made;
  }

  function choose(symbol) {
    current = symbol;
    groups.chosen.replaceChildren(...(symbol ? [rectangle(symbol.box)] : []));
    groups.chosen.style.setProperty('--kind', symbol ? colours[known[symbol.label].kind] : '');
    chosen(symbol);
  }

  const visible = () => symbols.filter(({ label }) => !hidden.has(known[label].kind));

  /** The smallest symbol that a point is in, or else the nearest one if it is near enough. */
  function at({ clientX, clientY }) {
    const shown = canvas.getBoundingClientRect();
    const scale = canvas.width / zoom / shown.width; // Pixels of the page for one of the screen.
    const [x, y] = [(clientX - shown.left) * scale, (clientY - shown.top) * scale];
    const ranked = visible().map((symbol) => {
      const [left, top, right, bottom] = symbol.box;
      const away = Math.hypot(Math.max(left - x, x - right, 0), Math.max(top - y, y - bottom, 0));
      return { symbol, away, area: (right - left) * (bottom - top) };
    });
    const near = ranked.filter(({ away }) => away <= NEAR * scale);
    near.sort((a, b) => a.away - b.away || a.area - b.area);
    return near[0]?.symbol ?? null;
  }

  element.addEventListener('click', (event) => choose(at(event)));
  element.addEventListener('keydown', (event) => {
    const among = visible();
    if (event.key === 'Escape' && current) choose(null);
    else if (event.key in STEPS && among.length) {
      const step = STEPS[event.key];
      const from = among.indexOf(current);
      const next = from < 0 ? (step > 0 ? 0 : -1) : (from + step) % among.length;
      choose(among.at(next));
      groups.chosen.firstChild.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    } else return;
    event.preventDefault();
  });

  return {
    picture(picture, longest) {
      zoom = Math.min(1, longest / Math.max(picture.width, picture.height));
      [canvas.width, canvas.height] = [picture.width, picture.height].map((side) =>
        Math.max(1, Math.round(side * zoom)),
      );
      const context = canvas.getContext('2d');
      context.fillStyle = 'white';
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(picture, 0, 0, canvas.width, canvas.height);
      overlay.setAttribute('viewBox', `0 0 ${picture.width} ${picture.height}`);
    },
    structure(structure) {
      overlay.style.setProperty('--line', `${Math.max(1, structure.staffSpace / 12)}px`);
      groups.staves.replaceChildren(...drawn(structure));
    },
    symbols(more) {
      symbols = [...symbols, ...more];
      for (const { label, box } of more) groups[known[label].kind].append(rectangle(box));
    },
    order(sorted) {
      symbols = sorted;
    },
    show(kind, on) {
      groups[kind].style.display = on ? '' : 'none';
      if (on) hidden.delete(kind);
      else hidden.add(kind);
      if (current && hidden.has(known[current.label].kind)) choose(null);
    },
    enlarge: (on) => element.classList.toggle('enlarged', on),
    zoom: () => zoom,
    clear() {
      symbols = [];
      choose(null);
      for (const each of Object.values(groups)) each.replaceChildren();
      [canvas.width, canvas.height] = [1, 1];
    },
  };
}

/** A band for each staff, its lines, and where its measures end. */
function drawn({ staves, measures }) {
  const bands = staves.map(({ x, lines }) => {
    const there = points(x, lines[0]);
    const back = points(x, lines.at(-1)).reverse();
    return svg('polygon', { points: [...there, ...back].join(' ') });
  });
  const lines = staves.flatMap(({ x, lines }) =>
    lines.map((y) => svg('polyline', { points: points(x, y).join(' ') })),
  );
  const ends = measures.flatMap(({ staff, left, right }) => {
    const { x, lines: ys } = staves[staff];
    return [left, right].map((place) => {
      const [top, bottom] = [ys[0], ys.at(-1)].map((y) => interpolated([place], x, y)[0]);
      return svg('polyline', { points: `${place},${top} ${place},${bottom}` });
    });
  });
  return [...bands, ...lines, ...ends];
}

function points(x, y) {
  return Array.from(x, (each, n) => `${each.toFixed(1)},${y[n].toFixed(1)}`);
}

// A symbol from pen, finger, mouse or arrow keys, and what it is, while it is drawn.

import { inputs } from './ink.js';
import { load } from './model.js';

// The staff on the canvas is as large as the one that HOMUS's writers had: 14 pixels of their
// tablet from line to line. So a symbol's size means the same.
const TABLET = 192; // Pixels of the tablet that the canvas is high.
const SPACE = 14;
const FIRST = 68;
const RUNNERS_UP = 5;
const STEP = 2; // Pixels of the tablet, of an arrow key.

export function start(root) {
  const canvas = root.querySelector('#paper');
  const list = root.querySelector('#classes');
  const spoken = root.querySelector('#drawn');
  const pen = canvas.getContext('2d');
  let strokes = [];
  let current = null;
  let pointer = null; // Of several fingers the first one draws.
  let busy = false;
  let again = false;
  let cursor = [TABLET / 2, TABLET / 2];

  function paint() {
    const style = getComputedStyle(canvas);
    const zoom = canvas.height / TABLET;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(zoom, 0, 0, zoom, 0, 0);
    pen.strokeStyle = style.getPropertyValue('--faint');
    pen.lineWidth = 0.7;
    for (let line = 0; line < 5; line += 1) {
      const y = FIRST + line * SPACE;
      pen.beginPath();
      pen.moveTo(0, y);
      pen.lineTo(canvas.width, y);
      pen.stroke();
    }
    pen.strokeStyle = style.color;
    pen.fillStyle = style.color;
    pen.lineWidth = 3;
    pen.lineCap = pen.lineJoin = 'round';
    for (const stroke of strokes) {
      pen.beginPath();
      pen.moveTo(...stroke[0]);
      for (const point of stroke) pen.lineTo(...point);
      pen.stroke();
    }
    if (canvas.matches(':focus-visible')) {
      pen.beginPath();
      pen.arc(...cursor, 2, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  /** Classifies what is there; of changes that come meanwhile, the last. */
  async function look() {
    paint();
    again = true;
    if (busy) return;
    busy = true;
    try {
      while (again) {
        again = false;
        await tell();
      }
    } catch (error) {
      list.replaceChildren();
      spoken.textContent = error.message;
    } finally {
      busy = false;
    }
  }

  async function tell() {
    if (!strokes.length) {
      list.replaceChildren();
      list.dataset.label = '';
      return;
    }
    const began = performance.now();
    const { about, run } = await load('homus_strokes');
    const shares = await run(inputs(strokes, about));
    const best = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, RUNNERS_UP);
    list.replaceChildren(...best.map((i) => row(about.classes[i], shares[i])));
    list.dataset.label = about.classes[best[0]];
    list.dataset.milliseconds = String(performance.now() - began);
  }

  function row(name, share) {
    const item = document.createElement('li');
    item.textContent = `${name.replaceAll('-', ' ')}  ${(100 * share).toFixed(0)} %`;
    item.style.setProperty('--share', share);
    return item;
  }

  /** To the screen reader when a stroke has ended. */
  function speak() {
    const wait = () => {
      if (busy) return setTimeout(wait, 20);
      const label = list.dataset.label ?? '';
      spoken.textContent = label && list.firstChild.textContent;
      return undefined;
    };
    wait();
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    const zoom = TABLET / box.height;
    return [(event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom];
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button || pointer !== null) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(event.pointerId);
    current = [at(event)];
    strokes.push(current);
    look();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerId !== pointer || !current) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    current.push(...(moves.length ? moves : [event]).map(at));
    look();
  });
  for (const kind of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(kind, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      current = null;
      look();
      speak();
    });
  }

  canvas.addEventListener('keydown', (event) => {
    const move = ARROWS[event.key];
    if (move) {
      cursor = cursor.map((x, axis) => Math.max(0, Math.min(TABLET, x + STEP * move[axis])));
      if (current) current.push(cursor);
    } else if (event.key === ' ') {
      current = current ? null : [cursor];
      if (current) strokes.push(current);
      else speak();
      canvas.setAttribute('aria-description', current ? 'The pen is down.' : 'The pen is up.');
    } else {
      return;
    }
    event.preventDefault();
    look();
  });
  canvas.addEventListener('focus', paint);
  canvas.addEventListener('blur', () => {
    current = null;
    paint();
  });

  function change(to) {
    current = null;
    strokes = to;
    look();
    speak();
  }

  root.querySelector('#undo').addEventListener('click', () => change(strokes.slice(0, -1)));
  root.querySelector('#clear').addEventListener('click', () => change([]));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
  load('homus_strokes').catch((error) => {
    spoken.textContent = error.message;
  });
  return { enter: paint };
}

const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

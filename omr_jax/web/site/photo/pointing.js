// A box on a picture, which the user puts around a symbol.

const STEP = 0.2; // How far an arrow key moves the box, as a share of its side.
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LINE = 3; // Width of the box's line in pixels of the screen.

/**
 * Lets the user move a box on a canvas.
 *
 * @param {HTMLCanvasElement} canvas Shows the picture.
 * @param {HTMLInputElement} size A slider: the box's side in percent of the picture's shorter side.
 * @param {function(number[])} chosen Called with left, top, right and bottom, in whole pixels of
 *   the picture, when the box has come to rest.
 * @returns {{show: function}} `show` takes a picture, a canvas, and a box that was chosen before.
 */
export function pointingOn(canvas, size, chosen) {
  let picture = null;
  let centre = null; // Of the box, in pixels of the picture; null until the user points.
  let pointer = null;

  const side = () => (Math.min(picture.width, picture.height) * size.value) / 100;

  function box() {
    const half = side() / 2;
    const most = [picture.width, picture.height];
    const from = centre.map((x) => Math.max(0, Math.round(x - half)));
    const to = centre.map((x, axis) => Math.min(most[axis], Math.round(x + half)));
    return [...from, ...to.map((x, axis) => Math.max(x, from[axis] + 1))];
  }

  function paint() {
    [canvas.width, canvas.height] = [picture.width, picture.height];
    const context = canvas.getContext('2d');
    context.drawImage(picture, 0, 0);
    if (!centre) return;
    const [left, top, right, bottom] = box();
    const zoom = picture.width / (canvas.getBoundingClientRect().width || picture.width);
    for (const [colour, wide] of [['white', 2 * LINE], [getComputedStyle(canvas).color, LINE]]) {
      context.strokeStyle = colour;
      context.lineWidth = wide * zoom;
      context.strokeRect(left, top, right - left, bottom - top);
    }
  }

  function at(event) {
    const shown = canvas.getBoundingClientRect();
    const zoom = picture.width / shown.width;
    const [x, y] = [(event.clientX - shown.left) * zoom, (event.clientY - shown.top) * zoom];
    centre = [
      Math.min(picture.width - 1, Math.max(0, x)),
      Math.min(picture.height - 1, Math.max(0, y)),
    ];
    paint();
  }

  function rest() {
    pointer = null;
    if (centre) chosen(box());
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    at(event);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerId === pointer) at(event);
  });
  canvas.addEventListener('pointerup', rest);
  canvas.addEventListener('pointercancel', () => {
    pointer = null;
  });
  canvas.addEventListener('keydown', (event) => {
    if (event.key in KEYS) {
      const from = centre ?? [picture.width / 2, picture.height / 2];
      const most = [picture.width, picture.height];
      centre = from.map((x, axis) =>
        Math.min(most[axis] - 1, Math.max(0, x + KEYS[event.key][axis] * STEP * side())),
      );
    } else if (event.key === '+' || event.key === '-') {
      size.value = Number(size.value) + (event.key === '+' ? 1 : -1);
    } else if (event.key === 'Enter') {
      rest();
      return;
    } else {
      return;
    }
    event.preventDefault();
    paint();
  });
  size.addEventListener('input', () => paint());
  size.addEventListener('change', rest);

  return {
    show(given, before) {
      picture = given;
      centre = before && [(before[0] + before[2]) / 2, (before[1] + before[3]) / 2];
      if (before) {
        const shorter = Math.min(picture.width, picture.height);
        size.value = (100 * Math.max(before[2] - before[0], before[3] - before[1])) / shorter;
      }
      paint();
      if (centre) rest();
    },
  };
}

/** A part of a canvas, as another one. */
export function boxIn(canvas, [left, top, right, bottom]) {
  const cut = document.createElement('canvas');
  [cut.width, cut.height] = [right - left, bottom - top];
  cut.getContext('2d').drawImage(canvas, -left, -top);
  return cut;
}

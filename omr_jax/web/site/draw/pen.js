// From events of a pen, a finger, the mouse or the keyboard to strokes.

const STEP = 2; // Units that the keyboard's cursor moves with each press of an arrow key.
const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * Lets the user write on a canvas.
 *
 * @param {HTMLCanvasElement} canvas A square that can have the keyboard's focus.
 * @param {number} side Its width and height in the unit of the points.
 * @param {function} changed Called when strokes or the cursor have changed.
 * @param {function} lifted Called when a stroke has ended.
 * @returns {{strokes: number[][][], cursor: number[], replace: function, abandon: function}} The
 *   strokes so far, for each its points [x, y]; the point at which the keyboard draws; `replace`
 *   puts other strokes in the place of these; `abandon` takes back the stroke under way.
 */
export function penOn(canvas, side, changed, lifted) {
  const pen = {
    strokes: [],
    cursor: [side / 2, side / 2],
    current: null, // The stroke that is being written.
    replace(strokes) {
      pen.current = null;
      pen.strokes = strokes;
      changed();
    },
    /** Takes back the stroke that is being written; false if there is none. */
    abandon() {
      if (!pen.current) return false;
      pen.replace(pen.strokes.slice(0, -1));
      return true;
    },
    begin(point) {
      pen.current = [point];
      pen.strokes.push(pen.current);
    },
  };
  followPointer(canvas, side, pen, changed, lifted);
  followKeys(canvas, side, pen, changed, lifted);
  canvas.addEventListener('blur', () => {
    pen.current = null;
  });
  return pen;
}

function followPointer(canvas, side, pen, changed, lifted) {
  let pointer = null; // Of several fingers on the canvas, the first one draws.
  let isBeside = false; // Whether it has left the paper in the middle of a stroke.

  function point(event) {
    const box = canvas.getBoundingClientRect();
    const zoom = side / box.height;
    return [(event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom];
  }

  /** What is beside the paper takes no ink; a pen that comes back begins a new stroke. */
  function write(at) {
    const isInside = at.every((x) => x >= 0 && x <= side);
    if (isInside && pen.current) pen.current.push(at);
    if (isInside && isBeside) pen.begin(at);
    isBeside = !isInside && (isBeside || pen.current !== null);
    if (!isInside) pen.current = null;
  }

  function end(event) {
    if (event.pointerId !== pointer) return;
    pointer = null;
    pen.current = null;
    changed();
    lifted();
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button || pointer !== null) return;
    pointer = event.pointerId;
    isBeside = false;
    canvas.setPointerCapture(pointer);
    pen.begin(point(event));
    changed();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerId !== pointer) return;
    const events = event.getCoalescedEvents?.() ?? []; // Positions since the last event, if known.
    (events.length ? events : [event]).map(point).forEach(write);
    changed();
  });
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);
}

function followKeys(canvas, side, pen, changed, lifted) {
  const inside = (x) => Math.max(0, Math.min(side, x));

  function move(direction) {
    pen.cursor = pen.cursor.map((x, axis) => inside(x + STEP * direction[axis]));
    if (pen.current) pen.current.push(pen.cursor);
    changed();
  }

  function lowerOrLift() {
    const ends = pen.current !== null;
    if (ends) pen.current = null;
    else pen.begin(pen.cursor);
    canvas.setAttribute('aria-description', ends ? 'The pen is up.' : 'The pen is down.');
    changed();
    if (ends) lifted();
  }

  canvas.addEventListener('keydown', (event) => {
    if (event.key in DIRECTIONS) move(DIRECTIONS[event.key]);
    else if (event.key === ' ') lowerOrLift();
    else return;
    event.preventDefault(); // Without this the page would scroll.
  });
}

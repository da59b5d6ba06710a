// What the canvas of the section “Draw” shows: a staff, the strokes and the cursor of the keyboard.

// The canvas shows a square of this many units; a unit is a pixel of the tablet on which the
// training data was written. Points of strokes have this unit too.
export const SIDE = 192;

const STAFF_LINES = 5;
const STAFF_WIDTH = 0.7; // Widths of lines and the cursor's radius, all in units.
const STROKE_WIDTH = 3;
const CURSOR_RADIUS = 2;

/**
 * Paints everything anew.
 *
 * @param {HTMLCanvasElement} canvas Where; strokes have its text colour.
 * @param {?number} staffSpace Units from one staff line to the next; null for no staff.
 * @param {number[][][]} strokes For each stroke its points [x, y].
 * @param {?number[]} cursor The point at which the keyboard draws; null where it is not in use.
 */
export function paint(canvas, staffSpace, strokes, cursor) {
  const context = canvas.getContext('2d');
  const style = getComputedStyle(canvas);
  const zoom = canvas.height / SIDE;
  context.setTransform(zoom, 0, 0, zoom, 0, 0);
  context.clearRect(0, 0, SIDE, SIDE);
  if (staffSpace !== null) {
    context.strokeStyle = style.getPropertyValue('--faint');
    context.lineWidth = STAFF_WIDTH;
    paintStaff(context, staffSpace);
  }
  paintStrokes(context, strokes, style.color);
  if (cursor) {
    context.fillStyle = style.color;
    context.beginPath();
    context.arc(...cursor, CURSOR_RADIUS, 0, 2 * Math.PI);
    context.fill();
  }
}

/** Paints strokes only, in units of the context, with a pen of that colour. */
export function paintStrokes(context, strokes, colour) {
  context.lineCap = context.lineJoin = 'round';
  context.strokeStyle = colour;
  context.lineWidth = STROKE_WIDTH;
  // From the first point to itself, so that a stroke of one point is a dot.
  for (const stroke of strokes) paintLine(context, [stroke[0], ...stroke]);
}

function paintStaff(context, space) {
  const top = (SIDE - (STAFF_LINES - 1) * space) / 2;
  for (let line = 0; line < STAFF_LINES; line += 1) {
    const y = top + line * space;
    paintLine(context, [
      [0, y],
      [SIDE, y],
    ]);
  }
}

function paintLine(context, [first, ...others]) {
  context.beginPath();
  context.moveTo(...first);
  for (const point of others) context.lineTo(...point);
  context.stroke();
}

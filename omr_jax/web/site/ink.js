// Strokes to what the symbol networks read. The picture follows omr_jax/inputs/render.py, layout `scaled`,
// anti-aliased; Pillow rounds a line's ends to whole pixels of the large picture, which this doesn't,
// so edges may differ by a grey level or two dozen. The pen's way follows omr_jax/inputs/pen_path.py.

const OVERSAMPLING = 4;
const JUMP = 0.35; // Of its length, where the pen is up.

/**
 * @param {number[][][]} strokes Points [x, y] of each, in pixels of the pen's tablet.
 * @param {object} about model.json.
 * @returns {object} The inputs that the network reads, typed arrays by name.
 */
export function inputs(strokes, about) {
  const points = strokes.flat();
  const low = [0, 1].map((axis) => Math.min(...points.map((point) => point[axis])));
  const high = [0, 1].map((axis) => Math.max(...points.map((point) => point[axis])));
  const box = [high[0] - low[0], high[1] - low[1]];
  const make = {
    image: () => draw(strokes, low, box, about.picture),
    size: () => Float32Array.from(box, (length) => Math.log(Math.max(length, 1))),
    pen: () => way(strokes, about.inputs.pen[1][1]),
  };
  return Object.fromEntries(Object.keys(about.inputs).map((name) => [name, make[name]()]));
}

/** Evenly spaced points along all strokes: x, y and the stroke's number, of each. */
function way(strokes, count) {
  const points = strokes.flat();
  const number = strokes.flatMap((stroke, n) => stroke.map(() => n));
  const soFar = [0];
  for (let i = 1; i < points.length; i += 1) {
    const length = Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]);
    soFar.push(soFar[i - 1] + (number[i] === number[i - 1] ? 1 : JUMP) * length);
  }
  const found = new Float32Array(3 * count);
  const last = points.length - 1;
  let before = 0; // The last point that is not beyond the wanted length.
  for (let i = 0; i < count; i += 1) {
    const wanted = soFar[last] * (i / (count - 1));
    while (before < last && soFar[before + 1] <= wanted) before += 1;
    const after = Math.min(before + 1, last);
    const share = (wanted - soFar[before]) / (soFar[after] - soFar[before] || 1);
    const end = share > 0 ? after : before;
    for (const axis of [0, 1]) {
      found[3 * i + axis] = points[before][axis] * (1 - share) + points[after][axis] * share;
    }
    found[3 * i + 2] = (number[before] + number[end]) / 2;
  }
  return found;
}

function draw(strokes, low, box, drawing) {
  const shape = [drawing.width, drawing.height];
  const zoom = scale(box, drawing, shape);
  const placed = strokes.map((stroke) =>
    stroke.map((point) =>
      [0, 1].map((axis) => {
        const at = (point[axis] - low[axis] - box[axis] / 2) * zoom[axis] + (shape[axis] - 1) / 2;
        return at * OVERSAMPLING + (OVERSAMPLING - 1) / 2;
      }),
    ),
  );
  const columns = drawing.width * OVERSAMPLING;
  const large = new Uint8Array(columns * drawing.height * OVERSAMPLING);
  const radius = Math.max(1, Math.round(drawing.thickness[0] * OVERSAMPLING)) / 2;
  for (const stroke of placed) {
    stroke.forEach((point, i) => segment(large, columns, stroke[Math.max(0, i - 1)], point, radius));
  }
  return averaged(large, drawing);
}

function scale(box, drawing, shape) {
  const zoom = [0, 1].map((axis) => {
    const room = shape[axis] - 1 - 2 * drawing.margin;
    return Math.min(room / Math.max(box[axis], 1), drawing.max_zoom ?? Infinity);
  });
  const most = Math.min(...zoom) * (drawing.max_stretch ?? Infinity);
  return zoom.map((each) => Math.min(each, most));
}

/** Inks every pixel within `radius` of the line from a to b. */
function segment(large, columns, a, b, radius) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const square = dx * dx + dy * dy;
  const rows = large.length / columns;
  const clamp = (value, most) => Math.max(0, Math.min(most, value));
  const top = clamp(Math.ceil(Math.min(a[1], b[1]) - radius), rows);
  const bottom = clamp(Math.floor(Math.max(a[1], b[1]) + radius), rows - 1);
  const left = clamp(Math.ceil(Math.min(a[0], b[0]) - radius), columns);
  const right = clamp(Math.floor(Math.max(a[0], b[0]) + radius), columns - 1);
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) {
      const along = square ? clamp(((x - a[0]) * dx + (y - a[1]) * dy) / square, 1) : 0;
      const [ex, ey] = [x - a[0] - along * dx, y - a[1] - along * dy];
      if (ex * ex + ey * ey < radius * radius) large[y * columns + x] = 1;
    }
  }
}

/** Black ink on white, one pixel for each block. */
function averaged(large, { width, height }) {
  const columns = width * OVERSAMPLING;
  const found = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let ink = 0;
      for (let i = 0; i < OVERSAMPLING; i += 1) {
        for (let j = 0; j < OVERSAMPLING; j += 1) {
          ink += large[(y * OVERSAMPLING + i) * columns + x * OVERSAMPLING + j];
        }
      }
      found[y * width + x] = Math.round(255 * (1 - ink / OVERSAMPLING ** 2));
    }
  }
  return found;
}

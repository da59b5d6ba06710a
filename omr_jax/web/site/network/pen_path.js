// From strokes to the path of the pen, as the network reads it. The rule is the one of the Python
// package, which prepares the same strokes in the same way; its numbers stand in model.json.

/**
 * Evenly spaced points along all strokes, in the order in which they were written.
 *
 * @param {number[][][]} strokes For each stroke its points [x, y]. The unit is that of the training
 *   data: `preparation.staff_space` of model.json from one staff line to the next.
 * @param {object} about Content of model.json.
 * @returns {Float32Array} For each point x, y and the number of its stroke. Points between two
 *   strokes, where the pen is up, have the mean of the strokes' numbers.
 */
export function penPath(strokes, about) {
  const [, [, count, columns]] = about.inputs.pen; // The type, and the shape of a batch.
  const points = strokes.flat();
  const number = strokes.flatMap((stroke, n) => stroke.map(() => n));
  const distance = distances(points, number, about.preparation.pen_up_weight);
  const path = new Float32Array(count * columns);
  const last = points.length - 1;
  let before = 0; // The last point that is not beyond the wanted distance.
  for (let i = 0; i < count; i += 1) {
    const wanted = distance[last] * (i / (count - 1));
    while (before < last && distance[before + 1] <= wanted) before += 1;
    const after = Math.min(before + 1, last);
    const share = (wanted - distance[before]) / (distance[after] - distance[before] || 1);
    const [x, y] = [0, 1].map(
      (axis) => points[before][axis] * (1 - share) + points[after][axis] * share,
    );
    const end = share > 0 ? after : before;
    path.set([x, y, (number[before] + number[end]) / 2], i * columns);
  }
  return path;
}

/** Distance of each point from the first one along the path; where the pen is up it counts less. */
function distances(points, number, penUpWeight) {
  const found = [0];
  for (let i = 1; i < points.length; i += 1) {
    const length = Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]);
    const weight = number[i] === number[i - 1] ? 1 : penUpWeight;
    found.push(found[i - 1] + weight * length);
  }
  return found;
}

// Elements of SVG.

const NAMESPACE = 'http://www.w3.org/2000/svg';

/** An element with attributes. */
export function svg(kind, attributes) {
  const made = document.createElementNS(NAMESPACE, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** A rectangle, of its left, top, right and bottom. */
export function rectangle([left, top, right, bottom]) {
  return svg('rect', { x: left, y: top, width: right - left, height: bottom - top });
}

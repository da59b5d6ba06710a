// Elements of the page that scripts make.

/** An element with properties, such as `textContent`, and with other elements or text in it. */
export function element(kind, properties = {}, ...content) {
  const made = Object.assign(document.createElement(kind), properties);
  made.append(...content);
  return made;
}

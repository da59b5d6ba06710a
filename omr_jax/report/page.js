'use strict';

// What a page of HTML alone can't do: tables that are sorted and filtered, the pictures of a cell
// of a confusion matrix, the values of curves, the names of boxes. Everything else works without.

// The number that a cell is sorted by: its value, or that with which its text begins. Names such as
// 12-8-Time are no numbers.
function number({ dataset: { value }, textContent }) {
  return /^\S*\d-/.test(textContent.trim()) ? NaN : parseFloat(value ?? textContent);
}

function sort(table, column, button) {
  const body = table.tBodies[0];
  const heads = [...table.querySelectorAll('th[aria-sort]')];
  const falls = button.parentElement.getAttribute('aria-sort') !== 'descending';
  heads.forEach((head) => head.removeAttribute('aria-sort'));
  button.parentElement.setAttribute('aria-sort', falls ? 'descending' : 'ascending');
  const rows = [...body.rows];
  const numeric = rows.some((row) => !Number.isNaN(number(row.cells[column])));
  rows.sort((a, b) => {
    const [one, other] = [a, b].map((row) => row.cells[column]);
    if (!numeric) return one.textContent.localeCompare(other.textContent) * (falls ? -1 : 1);
    const [x, y] = [number(one), number(other)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
    return falls ? y - x : x - y;
  });
  body.append(...rows);
}

function filter(items, before, what) {
  const field = document.createElement('input');
  field.type = 'search';
  field.placeholder = 'Filter';
  field.setAttribute('aria-label', `Filter ${what}`);
  field.addEventListener('input', () => {
    const wanted = field.value.toLowerCase();
    for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  });
  before.before(field);
}

for (const figure of document.querySelectorAll('figure.table')) {
  const table = figure.querySelector('table');
  const rows = [...table.tBodies[0].rows];
  const box = figure.querySelector('.scroll');
  if (rows.length > 10) filter(rows, box, box.getAttribute('aria-label'));
  for (const head of rows.length > 1 ? table.querySelectorAll('th[data-column]') : []) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => sort(table, Number(head.dataset.column), button));
  }
}
for (const list of document.querySelectorAll('main .mistakes')) {
  if (list.children.length > 10) filter([...list.children], list, 'mistakes');
}

// Boxes that need not scroll are no stops of the tab key.
const stops = () => {
  for (const box of document.querySelectorAll('.scroll')) {
    box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1;
  }
};
addEventListener('resize', stops);
stops();

// The pictures of a cell: copies of those in the gallery.
const dialog = document.querySelector('dialog');
const cards = [...document.querySelectorAll('main .mistakes li')];
for (const link of document.querySelectorAll('a[data-true]')) {
  link.addEventListener('click', (event) => {
    const wanted = link.dataset;
    const shown = cards.filter(
      (card) => card.dataset.true === wanted.true && card.dataset.predicted === wanted.predicted,
    );
    const copies = shown.map((card) => card.cloneNode(true));
    for (const copy of copies) {
      copy.removeAttribute('id');
      copy.hidden = false;
    }
    dialog.querySelector('h2').textContent = `${wanted.true} taken for ${wanted.predicted}`;
    dialog.querySelector('p').textContent = shown.length < Number(wanted.count)
      ? `${shown.length} of ${wanted.count} pictures; the others are left out.`
      : `All ${wanted.count} pictures.`;
    dialog.querySelector('ul').replaceChildren(...copies);
    dialog.showModal();
    event.preventDefault();
  });
}
dialog.querySelector('button').addEventListener('click', () => dialog.close());
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close(); // Beside its content.
});

// The name and the value of the point of a curve that is nearest, by pointer or arrow keys.
function follow(svg) {
  const lines = JSON.parse(svg.dataset.points).filter((line) => line.points.length);
  if (!lines.length) return;
  const [path, dot] = ['polyline', 'circle'].map((tag) =>
    document.createElementNS(svg.namespaceURI, tag),
  );
  path.setAttribute('class', 'followed');
  dot.setAttribute('r', 3.5);
  const said = document.createElement('output');
  said.className = 'soft';
  svg.after(said);
  let [line, place] = [0, -1];
  const show = () => {
    const [x, y, words] = lines[line].points[place];
    path.setAttribute('points', lines[line].points.map((point) => point.slice(0, 2)).join(' '));
    dot.setAttribute('cx', x);
    dot.setAttribute('cy', y);
    svg.append(path, dot);
    said.textContent = `${lines[line].name}, ${words}`;
  };
  const point = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      svg.getScreenCTM().inverse(),
    );
    let nearest = Infinity;
    lines.forEach(({ points }, number) => points.forEach(([x, y], index) => {
      const distance = Math.hypot(x - at.x, y - at.y);
      if (distance < nearest) [nearest, line, place] = [distance, number, index];
    }));
    show();
  };
  svg.addEventListener('pointermove', point);
  svg.addEventListener('pointerdown', point);
  svg.addEventListener('keydown', (event) => {
    const [along, across] = {
      ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    }[event.key] ?? [0, 0];
    if (!along && !across) return;
    event.preventDefault();
    line = (line + across + lines.length) % lines.length;
    place = Math.min(Math.max(place + along, 0), lines[line].points.length - 1);
    show();
  });
}
document.querySelectorAll('svg[data-points]').forEach(follow);

for (const svg of document.querySelectorAll('.overlays svg')) {
  svg.addEventListener('click', (event) => {
    const title = event.target.querySelector?.('title');
    if (title) svg.closest('figure').querySelector('output').textContent = title.textContent;
  });
}

// Paper can't be opened.
let opened = [];
addEventListener('beforeprint', () => {
  opened = [...document.querySelectorAll('details:not([open])')];
  for (const each of opened) each.open = true;
});
addEventListener('afterprint', () => {
  for (const each of opened) each.open = false;
});

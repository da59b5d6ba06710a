// The part “Page”: the user shows a page of music, and reads what is on it.

import { downloadJson } from '../common/download.js';
import { decoded, example, fileOf, receiveChosen } from '../common/picture_files.js';
import { stateIn } from '../common/state.js';
import { onToggle } from '../common/toggle.js';
import { ask, describe } from '../network/client.js';
import { cardIn } from './card.js';
import { detect } from './detector.js';
import { kindsIn } from './kinds.js';
import { pageJson, structureJson } from './page_json.js';
import { sheetIn } from './sheet.js';
import { warmUp } from './warm_up.js';

const LONGEST = 2400; // Longest side of the picture that is shown, in pixels.
const NO_STAVES =
  'No staves were found, so nothing was looked for: the size of symbols follows from that of the ' +
  'staves. A page needs dark ink on bright paper, and staves of five lines that lean by at most ' +
  'ten degrees.';

const part = document.querySelector('#part-page');
const find = (id) => part.querySelector(`#${id}`);
const state = stateIn(find('page-state'));
const card = cardIn(find('page-card'));
const sheet = sheetIn(find('sheet'), find('page-picture'), find('page-found'), showSymbol);
const kinds = kindsIn(find('page-kinds'), sheet.show);

let request = 0; // Number of the user's last request; results of earlier ones are dropped.
let asked = null; // What `showFile` was given for the page that is shown or looked at.
let file = null; // Its file.
let shown = null; // What was found on it.

const model = () => part.querySelector('[name=page-model]:checked').value;

/** Loads the chosen network, while the user chooses a page. */
async function prepare() {
  const mine = request;
  showTerms();
  try {
    state.wait('Loading the network');
    await ask('load', { name: model() }, state.progress);
    if (mine !== request) return;
    state.clear();
    warmUp(model(), () => mine === request); // Other workers find its files in the browser's cache.
  } catch (error) {
    if (mine === request) state.fail(error, prepare);
  }
}

/** Forgets whatever is shown or under way, and gives the number of the new request. */
function forget() {
  request += 1;
  asked = file = shown = null;
  state.clear();
  card.clear();
  sheet.clear();
  find('page-look').hidden = true;
  find('page-card').hidden = false;
  find('page-words').textContent = '';
  return request;
}

function showInvitation() {
  forget();
  find('page-invitation').hidden = false;
  return prepare();
}

/** Shows a page, and what is on it. The file is given, or a function that fetches it. */
async function showFile(given) {
  const mine = forget();
  asked = given;
  const goesOn = () => mine === request;
  find('page-invitation').hidden = true;
  state.wait('Reading the picture');
  try {
    const come = await fileOf(given);
    if (!goesOn()) return;
    asked = file = come;
    const picture = await decoded(file);
    if (!goesOn()) return;
    sheet.picture(picture, LONGEST);
    kinds.clear();
    find('page-look').hidden = false;
    for (const each of ['page-json', 'structure-json']) find(each).disabled = true;
    state.wait('Looking for staves');
    await look(picture, goesOn);
    if (goesOn()) find('sheet').focus({ preventScroll: true });
  } catch (error) {
    if (!goesOn()) return;
    forget();
    find('page-invitation').hidden = false;
    state.fail(error, () => showFile(given));
  }
}

/** Finds what is on a page, and shows it piece by piece. */
async function look(picture, goesOn) {
  const name = model();
  const { classes } = await describe(name);
  const found = await detect(picture, name, {
    goesOn,
    progress: (come) => goesOn() && state.progress(come),
    staves(structure) {
      if (!goesOn()) return;
      sheet.structure(structure);
      kinds.structure(structure);
      state.wait(structure.staves.length ? 'Looking for symbols' : 'No staves');
    },
    structure: (structure) => goesOn() && sheet.structure(structure),
    symbols(symbols, done, all) {
      sheet.symbols(symbols);
      kinds.symbols(symbols);
      state.parts(done, all);
    },
  });
  if (!goesOn()) return;
  sheet.order(found.symbols);
  shown = { ...found, classes };
  for (const each of ['page-json', 'structure-json']) find(each).disabled = false;
  state.clear();
  find('page-card').hidden = !found.symbols.length;
  find('page-words').textContent = inWords(found);
}

/** How much was found, in words. */
function inWords({ structure: { staves, systems }, symbols }) {
  if (!staves.length) return NO_STAVES;
  const count = (number, what) => `${number} ${what}${number === 1 ? '' : 's'}`;
  const staff = staves.length === 1 ? '1 staff' : `${staves.length} staves`;
  const many = systems.length < staves.length ? ` in ${count(systems.length, 'system')}` : '';
  return `${staff}${many}, ${count(symbols.length, 'symbol')}`;
}

function showSymbol(symbol) {
  if (symbol) card.show(symbol, find('page-picture'), sheet.zoom());
  else card.clear();
}

/** Shows the terms of the chosen model only. */
function showTerms() {
  for (const each of part.querySelectorAll('[data-terms]')) {
    each.hidden = each.dataset.terms !== model();
  }
}

/** Writes beside each model how large it is. */
function showSizes() {
  for (const { value, nextElementSibling } of part.querySelectorAll('[name=page-model]')) {
    describe(value).then(
      ({ files }) => {
        const megabytes = (files['model_int8.onnx'].bytes / 1e6).toFixed(1);
        nextElementSibling.querySelector('.size').textContent = `${megabytes} MB`;
      },
      () => {}, // The part itself says that the model is missing.
    );
  }
}

/** The name of the picture's file without its ending. */
const stem = () => file.name.replace(/\.[^.]*$/, '');

receiveChosen(find('page-file'), showFile);
receiveChosen(find('page-photo'), showFile);
for (const each of part.querySelectorAll('[data-example]')) {
  each.addEventListener('click', () => showFile(() => example(each.dataset.example)));
}
find('page-another').addEventListener('click', () => {
  showInvitation();
  find('page-file').focus();
});
onToggle(find('page-zoom'), sheet.enlarge);
find('page-json').addEventListener('click', () => {
  downloadJson(pageJson(shown, shown.classes, file.name), `${stem()} page.json`);
});
find('structure-json').addEventListener('click', () => {
  downloadJson(structureJson(shown.structure), `${stem()} structure.json`);
});
for (const each of part.querySelectorAll('[name=page-model]')) {
  each.addEventListener('change', () => {
    showTerms();
    if (asked) showFile(asked);
    else prepare();
  });
}

/** Called when this part is shown; nothing of an earlier visit is. */
export function enter() {
  showSizes();
  return showInvitation();
}
/** Called when another part is shown. */
export const leave = forget;
/** Takes a file that was dropped or pasted. */
export const receive = showFile;

// The part “People”: people name the pictures on which a network was tested.
//
// The questions are made from the user's own copy of the data by `python -m omr_jax.human prepare`;
// the site comes without any.

import { receiveChosen } from '../common/picture_files.js';
import { stateIn } from '../common/state.js';
import { keep, kept, open, save } from './answers.js';
import { showOutcome } from './outcome.js';
import { pickerIn } from './picker.js';

const NOT_KEPT =
  'This browser keeps nothing for this page, as where cookies are blocked: save the result before ' +
  'you close it.';

const part = document.querySelector('#part-human');
const find = (id) => part.querySelector(`#${id}`);
const [setup, sitting, message] = ['setup', 'session', 'humanwords'].map(find);
const [picture, field, outcome] = ['question', 'typed', 'outcome'].map(find);
const state = stateIn(find('human-state'));
const picker = pickerIn(field, find('options'), choose);

let questions = null; // As the file has them; null before the first session.
let session = null; // See answers.js.
let request = 0; // Number of the last request for questions; what comes for earlier ones is dropped.
let shownAt = 0; // Time at which the question was shown, in milliseconds.

const isOver = () => session.place === questions.questions.length;

async function begin(kind) {
  request += 1;
  const mine = request;
  message.textContent = '';
  state.wait('Fetching the questions');
  try {
    const found = await fetched(kind);
    if (mine !== request) return;
    questions = found;
  } catch (error) {
    if (mine === request) state.fail(error, () => begin(kind));
    return;
  }
  state.clear();
  session = kept(questions);
  find('name').value = session.name;
  sits(true);
  const isTyped = questions.classes.length > 2;
  find('typed-label').hidden = !isTyped;
  find('keys').textContent = isTyped
    ? 'Type a part of the name and press Enter, or tap a class. The grey staff shows how large it is.'
    : 'Press a key or tap.';
  show();
}

/** Shows the questions or the invitation; beside questions there is no room for the heading. */
function sits(on) {
  setup.hidden = on;
  sitting.hidden = !on;
  find('h-human').classList.toggle('spoken', on);
}

async function fetched(kind) {
  let response;
  try {
    response = await fetch(new URL(`../human/${kind}.json`, import.meta.url));
    if (response.ok) return await response.json();
  } catch {
    throw new Error('The questions do not come: is there a connection?');
  }
  throw new Error('This site has no such questions. Whoever runs it can add some from the data.');
}

function show() {
  const { place, answers } = session;
  const count = questions.questions.length;
  const done = answers.filter(Boolean).length;
  find('progress').max = count;
  find('progress').value = done;
  find('count').textContent = `${done} of ${count}`;
  outcome.hidden = !isOver();
  for (const each of [picture, find('options'), find('keys')]) each.hidden = isOver();
  if (isOver()) find('ending').open = true;
  find('typed-label').hidden = isOver() || questions.classes.length <= 2;
  if (isOver()) {
    showOutcome(outcome, questions, answers);
  } else {
    picture.src = questions.questions[place].picture;
    picture.alt = `Picture ${place + 1} of ${count}`;
  }
  find('back').disabled = place === 0;
  find('next').disabled = isOver() || !answers[place];
  picker.ask(isOver() ? null : questions, answers[place]?.answer);
  shownAt = performance.now();
  focus();
}

/** Puts the keyboard's focus where it is needed; on a phone the keyboard would cover the page. */
function focus() {
  const wanted = matchMedia('(pointer: coarse)').matches || field.offsetParent === null;
  (wanted ? sitting : field).focus({ preventScroll: true });
}

function choose(name) {
  const seconds = Math.round((performance.now() - shownAt) / 100) / 10;
  const answers = [...session.answers];
  answers[session.place] = { id: questions.questions[session.place].id, answer: name, seconds };
  change({ answers, place: session.place + 1 });
}

/** The session with changes; it is shown only after it has been kept, or words say that it isn't. */
function change(changes) {
  session = { ...session, ...changes };
  message.textContent = keep(questions, session) ? '' : NOT_KEPT;
  show();
}

function move(by) {
  change({ place: session.place + by });
}

function saveResult() {
  const file = save(questions, session);
  message.textContent = `Saved as ${file}. You can go on at any time.`;
}

async function openResult(file) {
  const found = await open(questions, file);
  if (found) change(found);
  else message.textContent = `${file.name}: not a result of these questions.`;
  find('name').value = session.name;
}

function end() {
  sits(false);
  message.textContent = keep(questions, session)
    ? 'Your answers are kept in this browser.'
    : 'Your answers are kept until you close this page.';
  find(`begin-${questions.kind}`).focus();
}

function onKey(event) {
  if (event.altKey && event.key === 'ArrowLeft') {
    event.preventDefault(); // Without this the browser would leave the page.
    if (session.place > 0) move(-1);
  } else if (picker.key(event)) {
    event.preventDefault();
  }
}

for (const button of part.querySelectorAll('[data-kind]')) {
  button.addEventListener('click', () => begin(button.dataset.kind));
}
sitting.addEventListener('keydown', onKey);
find('name').addEventListener('input', (event) => {
  session = { ...session, name: event.target.value };
  keep(questions, session);
});
find('back').addEventListener('click', () => move(-1));
find('next').addEventListener('click', () => move(1));
find('save').addEventListener('click', saveResult);
receiveChosen(find('load'), openResult);
find('end').addEventListener('click', end);

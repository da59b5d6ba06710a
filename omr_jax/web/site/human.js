// The section “Human baseline”: people name the pictures on which a network was tested.
//
// The questions are made from the user's own copy of the data by `python -m omr_jax.human prepare`;
// the site comes without any.

import { keep, kept, open, save } from './answers.js';

const section = document.querySelector('#part-human');
const find = (id) => section.querySelector(`#${id}`);
const [setup, session, message] = ['setup', 'session', 'humanwords'].map(find);
const [picture, field, options] = ['question', 'typed', 'options'].map(find);

let questions = null; // As the file has them; null before the first session.
let answers = [];
let place = 0; // Of the question that is shown; after the last one, their number.
let shownAt = 0; // Time at which it was shown, in milliseconds.

// One of two classes is chosen by a single key, one of many by typing a part of its name.
const isTyped = () => questions.classes.length > 2;
const keyOf = (name) => name[0].toLowerCase();
const isOver = () => place === questions.questions.length;
const plain = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

async function begin(kind) {
  message.textContent = '';
  try {
    const response = await fetch(new URL(`./human/${kind}.json`, import.meta.url));
    if (!response.ok) throw new Error();
    questions = await response.json();
  } catch {
    message.textContent =
      `There are no questions yet. Make them from your own copy of the data: ` +
      `python -m omr_jax.human prepare ${kind}`;
    return;
  }
  ({ answers, place } = kept(questions));
  place = Math.max(0, Math.min(place, questions.questions.length));
  setup.hidden = true;
  session.hidden = false;
  find('cheat').hidden = !isTyped();
  field.closest('label').hidden = !isTyped();
  const keys = isTyped()
    ? 'Type a part of the name; Enter takes the first class that fits.'
    : questions.classes.map((name) => `${keyOf(name).toUpperCase()}: ${name}.`).join(' ');
  find('keys').textContent = `${keys} Alt+← goes back.`;
  show();
}

function show() {
  const count = questions.questions.length;
  const done = answers.filter(Boolean).length;
  find('progress').max = count;
  find('progress').value = done;
  find('count').textContent = `${done} of ${count}`;
  picture.hidden = isOver();
  message.textContent = isOver() ? 'That was the last picture. Save your result.' : '';
  if (!isOver()) {
    picture.src = questions.questions[place].picture;
    picture.alt = `Picture ${place + 1} of ${count}`;
  }
  find('back').disabled = place === 0;
  find('next').disabled = isOver() || !answers[place];
  field.value = '';
  showOptions();
  shownAt = performance.now();
  (isTyped() ? field : session).focus();
}

/** Shows the classes that fit what is typed, those that begin with it first. */
function showOptions() {
  const typed = plain(field.value);
  const classes = isOver() ? [] : questions.classes;
  const fitting = classes.filter((name) => plain(name).includes(typed));
  fitting.sort((a, b) => plain(b).startsWith(typed) - plain(a).startsWith(typed));
  options.replaceChildren(...fitting.map(option));
}

/** A button for a class; it is marked if the user has chosen it before. */
function option(name) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = name.replaceAll('-', ' ');
  button.dataset.name = name;
  button.setAttribute('aria-pressed', String(answers[place]?.answer === name));
  if (questions.cheat?.[name]) {
    const sample = document.createElement('img');
    sample.src = questions.cheat[name];
    sample.alt = '';
    button.prepend(sample);
  }
  button.addEventListener('click', () => choose(name));
  return button;
}

function choose(name) {
  const seconds = Math.round((performance.now() - shownAt) / 100) / 10;
  answers[place] = { id: questions.questions[place].id, answer: name, seconds };
  move(1);
}

function move(by) {
  place += by;
  keep(questions, answers, place);
  show();
}

function saveResult() {
  const file = save(questions, answers, find('name').value);
  message.textContent = `Saved as ${file}. You can continue at any time.`;
}

/** Continues with the first question that has no answer in the file. */
async function openResult(event) {
  const [file] = event.target.files;
  const found = file && (await open(questions, file));
  event.target.value = ''; // So that the same file can be chosen again.
  if (!found) {
    if (file) message.textContent = `${file.name}: not a result of these questions.`;
    return;
  }
  ({ answers } = found);
  find('name').value = found.name;
  const first = answers.findIndex((each) => !each);
  place = first < 0 ? answers.length : first;
  move(0);
}

function end() {
  session.hidden = true;
  setup.hidden = false;
  message.textContent = 'Your answers are kept in this browser.';
}

function onKey(event) {
  if (event.altKey && event.key === 'ArrowLeft') {
    event.preventDefault(); // Without this the browser would leave the page.
    if (place > 0) move(-1);
  } else if (event.target === field && event.key === 'Enter') {
    event.preventDefault();
    if (plain(field.value) && options.firstChild) choose(options.firstChild.dataset.name);
  } else if (!isTyped() && !isOver() && !event.target.matches('input')) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const name = questions.classes.find((each) => keyOf(each) === event.key.toLowerCase());
    if (name) choose(name);
  }
}

for (const button of section.querySelectorAll('[data-kind]')) {
  button.addEventListener('click', () => begin(button.dataset.kind));
}
field.addEventListener('input', showOptions);
session.addEventListener('keydown', onKey);
find('back').addEventListener('click', () => move(-1));
find('next').addEventListener('click', () => move(1));
find('save').addEventListener('click', saveResult);
find('load').addEventListener('change', openResult);
find('end').addEventListener('click', end);

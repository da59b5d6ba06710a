// The section “Draw”: the user writes a symbol, and the network says which one it may be.

import { describe, load } from './model.js';
import { SIDE, paint } from './paper.js';
import { penOn } from './pen.js';
import { penPath } from './pen_path.js';

const MODEL = 'homus_strokes';
const MOST_CLASSES = 5; // So many of the most probable classes are shown.

const section = document.querySelector('#part-draw');
const find = (id) => section.querySelector(`#${id}`);
const [paper, list, spoken] = ['paper', 'classes', 'drawn'].map(find);

let staffSpace = null; // Until the model's description is there.
let outdated = false; // Whether the strokes have changed since they were classified.
let classifying = null; // The promise of `classifyAll` while it is at work.

const pen = penOn(paper, SIDE, update, speak);

function repaint() {
  paint(paper, staffSpace, pen.strokes, paper.matches(':focus-visible') ? pen.cursor : null);
}

/** Shows and classifies the strokes. Changes during a classification are classified together. */
function update() {
  repaint();
  outdated = true;
  classifying ??= classifyAll();
  return classifying;
}

async function classifyAll() {
  try {
    while (outdated) {
      outdated = false;
      await classify();
    }
  } catch (error) {
    showClasses([]);
    spoken.textContent = error.message;
  } finally {
    classifying = null;
  }
}

async function classify() {
  const began = performance.now();
  const { strokes } = pen;
  if (!strokes.length) {
    showClasses([]);
    return;
  }
  const { about, run } = await load(MODEL);
  const { probabilities } = await run({ pen: penPath(strokes, about) });
  const classes = about.classes.map((name, i) => ({ name, probability: probabilities[i] }));
  showClasses(classes.sort((a, b) => b.probability - a.probability).slice(0, MOST_CLASSES));
  list.dataset.milliseconds = String(performance.now() - began); // benchmarks/page.py reads it.
}

function showClasses(classes) {
  list.replaceChildren(...classes.map(row));
  list.dataset.label = classes.length ? classes[0].name : '';
}

function row({ name, probability }) {
  const item = document.createElement('li');
  item.textContent = `${name.replaceAll('-', ' ')}  ${(100 * probability).toFixed(0)} %`;
  item.style.setProperty('--share', probability);
  return item;
}

/** A screen reader reads out the most probable class, when no stroke is being written. */
async function speak() {
  await classifying;
  // After an error there are strokes without a class: its message stays.
  if (list.firstChild) spoken.textContent = list.firstChild.textContent;
  else if (!pen.strokes.length) spoken.textContent = '';
}

function replace(strokes) {
  pen.replace(strokes);
  speak();
}

async function prepare() {
  try {
    staffSpace = (await describe(MODEL)).preparation.staff_space;
    repaint();
    await load(MODEL); // So that the first stroke need not wait.
  } catch (error) {
    spoken.textContent = error.message;
  }
}

find('undo').addEventListener('click', () => replace(pen.strokes.slice(0, -1)));
find('clear').addEventListener('click', () => replace([]));
paper.addEventListener('focus', repaint);
paper.addEventListener('blur', repaint);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
prepare();

/** Called when this section is shown. */
export const enter = repaint;

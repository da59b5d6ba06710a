// The part “Draw”: the user writes a symbol, and the network says which one it may be.

import { classesIn } from '../common/classes.js';
import { stateIn } from '../common/state.js';
import { ask, describe } from '../network/client.js';
import { galleryIn } from './gallery.js';
import { keeping } from './keeping.js';
import { SIDE, paint } from './paper.js';
import { penOn } from './pen.js';

const MODEL = 'homus_strokes';

const part = document.querySelector('#part-draw');
const find = (id) => part.querySelector(`#${id}`);
const paper = find('paper');
const state = stateIn(find('draw-state'));
const classes = classesIn(find('classes'), find('drawn'));

let about = null; // The content of model.json.
let outdated = false; // Whether the strokes have changed since they were classified.
let classifying = null; // The promise of `classifyAll` while it is at work.

const pen = penOn(paper, SIDE, update, speak);
const kept = keeping(part, pen, MODEL, classes.best, replace);
const gallery = galleryIn(find('gallery'), SIDE, (strokes) => pen.replace(strokes), speak);

function repaint() {
  const space = about?.preparation.staff_space ?? null;
  paint(paper, space, pen.strokes, paper.matches(':focus-visible') ? pen.cursor : null);
}

/** Shows and classifies the strokes. Changes during a classification are classified together. */
function update() {
  repaint();
  find('undo').disabled = find('clear').disabled = !pen.strokes.length;
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
    classes.clear();
    state.fail(error, prepare);
  } finally {
    classifying = null;
  }
}

async function classify() {
  const began = performance.now();
  const { strokes } = pen;
  if (!strokes.length) {
    classes.clear();
    return;
  }
  const argument = { name: MODEL, strokes };
  const found = await ask('symbolOfStrokes', argument, state.progress);
  about ??= await describe(MODEL);
  state.clear();
  if (pen.strokes.length) classes.show(about.classes, found.probabilities, found.isUnknown);
  paper.dataset.milliseconds = String(performance.now() - began); // benchmarks/page.py reads it.
}

/** A screen reader reads out the most probable class, when no stroke is being written. */
async function speak() {
  await classifying;
  classes.speak();
}

function replace(strokes) {
  gallery.stop();
  pen.replace(strokes);
  speak();
}

function clear() {
  kept.keep();
  replace([]);
}

function undo() {
  replace(pen.strokes.slice(0, -1));
}

async function prepare() {
  try {
    about = await describe(MODEL);
    repaint();
    state.wait('Loading the network');
    await ask('load', { name: MODEL }, state.progress);
    state.clear();
    if (pen.strokes.length) update();
  } catch (error) {
    state.fail(error, prepare);
  }
}

function onKey(event) {
  if (part.hidden || event.target.matches('input, select')) return;
  const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z';
  if (!isUndo && event.key !== 'Escape') return;
  event.preventDefault();
  if (isUndo) undo();
  else if (!pen.abandon()) clear();
}

find('undo').addEventListener('click', undo);
find('clear').addEventListener('click', clear);
addEventListener('keydown', onKey);
for (const kind of ['pointerdown', 'keydown']) paper.addEventListener(kind, () => gallery.stop());
paper.addEventListener('focus', repaint);
paper.addEventListener('blur', repaint);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
update();

/** Called when this part is shown. */
export function enter() {
  repaint();
  return prepare();
}

/** Called when another part is shown. */
export const leave = () => gallery.stop();

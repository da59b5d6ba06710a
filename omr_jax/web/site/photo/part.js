// The part “Point”: the user points at a symbol in a picture, and the network names it.

import { classesIn } from '../common/classes.js';
import { thumbnail } from '../common/download.js';
import { decoded, example, fileOf, receiveChosen } from '../common/picture_files.js';
import { spoken } from '../common/names.js';
import { stateIn } from '../common/state.js';
import { triedIn } from '../common/tried.js';
import { paintGrey } from '../gate/seen.js';
import { ask, describe } from '../network/client.js';
import { boxIn, pointingOn } from './pointing.js';

const MODEL = 'homus_scans';
const LONGEST = 2000; // Longest side of the picture that is kept, in pixels.

const part = document.querySelector('#part-photo');
const find = (id) => part.querySelector(`#${id}`);
const [canvas, seen, size] = ['photo', 'photo-seen', 'photo-size'].map(find);
const state = stateIn(find('photo-state'));
const classes = classesIn(find('photo-classes'), find('photo-spoken'));
const pointing = pointingOn(canvas, size, askAt);

let about = null; // The content of model.json.
let isLoaded = false; // Whether the network is there.
let strip = null;
let picture = null; // A canvas with the picture, without the box.
let request = 0; // Number of the user's last request; results of earlier ones are dropped.

/** Loads the network, while the user chooses. */
async function prepare() {
  const mine = request;
  state.wait('Loading the network');
  try {
    await Promise.all([ask('load', { name: MODEL }, state.progress), described()]);
    isLoaded = true;
    if (mine === request) state.clear();
  } catch (error) {
    if (mine === request) state.fail(error, prepare);
  }
}

async function described() {
  about ??= await describe(MODEL);
  strip ??= triedIn(find('photo-tried'), {
    name: 'omr_jax symbols of photos',
    classes: about.classes,
    say: spoken,
    open: ({ source }) => showFile(source.file, source.box),
  });
}

/**
 * Shows a picture, and asks about a box of it if there is one.
 *
 * @param {File|function(): Promise<File>} given The file, or a function that fetches it.
 */
async function showFile(given, box = null) {
  request += 1;
  const mine = request;
  find('pointing').hidden = true;
  clear();
  state.wait('Reading the picture');
  try {
    const file = await fileOf(given);
    const found = await decoded(file);
    if (mine !== request) return;
    const zoom = Math.min(1, LONGEST / Math.max(found.width, found.height));
    picture = document.createElement('canvas');
    [picture.width, picture.height] = [found.width, found.height].map((side) =>
      Math.max(1, Math.round(side * zoom)),
    );
    picture.getContext('2d').drawImage(found, 0, 0, picture.width, picture.height);
    picture.file = file;
    found.close();
    find('pointing').hidden = false;
    state.clear();
    pointing.show(picture, box);
  } catch (error) {
    if (mine === request) state.fail(error, () => showFile(given, box));
  }
}

async function askAt(box) {
  request += 1;
  const mine = request;
  const from = picture;
  if (!isLoaded) state.wait('Loading the network');
  try {
    await described();
    const cut = await createImageBitmap(boxIn(from, box));
    const found = await ask('symbolIn', { picture: cut }, state.progress, [cut]);
    isLoaded = true;
    if (mine !== request) return;
    state.clear();
    classes.show(about.classes, found.probabilities);
    classes.speak();
    paintGrey(seen, found.seen, about.picture.width);
    seen.hidden = false;
    keep(from, box);
  } catch (error) {
    if (mine !== request) return;
    clear();
    state.fail(error, () => askAt(box));
  }
}

function clear() {
  classes.clear();
  classes.speak();
  seen.hidden = true;
}

function keep(from, box) {
  const cut = boxIn(from, box);
  const source = { file: from.file, box };
  strip?.add({ ...classes.best(), picture: thumbnail(cut, cut.width, cut.height), source });
}

receiveChosen(find('photo-file'), (file) => showFile(file));
find('photo-example').addEventListener('click', () => showFile(() => example('symbols')));

/** Called when this part is shown. */
export const enter = prepare;
/** Takes a file that was dropped or pasted. */
export const receive = (file) => showFile(file);

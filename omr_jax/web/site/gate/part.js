// The part “Is it music?”: examples, files and the camera, and what the network says of them.

import { copy, thumbnail } from '../common/download.js';
import { decoded, example, fileOf, receiveChosen } from '../common/picture_files.js';
import { stateIn } from '../common/state.js';
import { onToggle } from '../common/toggle.js';
import { triedIn } from '../common/tried.js';
import { ask, describe, isReady, WORKERS } from '../network/client.js';
import { cameraButtons } from './buttons.js';
import { counter, eachFrame } from './frames.js';
import { showBoxes } from './overlay.js';
import { showSeen } from './seen.js';
import { sizeToRead } from './sizes.js';
import { closeCamera, openCamera } from './stream.js';
import { inWords, verdictIn } from './verdict.js';

const MODEL = 'scores';
const MOST = Math.min(2, WORKERS); // Frames of the camera that are classified at the same time.

const part = document.querySelector('#part-camera');
const find = (id) => part.querySelector(`#${id}`);
const [invitation, look, video, still, overlay, rate, seen, details] = [
  ...['invitation', 'look', 'video', 'still', 'boxes', 'rate', 'seen', 'details'],
].map(find);
const state = stateIn(find('gate-state'));
const verdict = verdictIn(find('verdict'));
const buttons = cameraButtons(find('torch'), find('turn'));
const strip = triedIn(find('gate-tried'), {
  name: 'omr_jax music or not',
  classes: ['scores', 'other'],
  say: (name) => (name === 'scores' ? 'music' : 'not music'),
  open: ({ source }) => showFile(source),
});

let stream = null;
let facing = 'environment';
let request = 0; // Number of the user's last request; results of earlier ones are dropped.
let last = null; // The last answer that was shown, and the size of its picture.
let about = null; // The content of model.json.

/** Loads the network, while the user chooses. */
async function prepare() {
  const mine = request;
  state.wait('Loading the network');
  try {
    await Promise.all([ask('load', { name: MODEL }, state.progress), described()]);
    if (mine === request) state.clear();
  } catch (error) {
    if (mine === request) state.fail(error, prepare);
  }
}

/** Forgets whatever is shown or under way, and gives the number of the new request. */
function forget() {
  request += 1;
  closeCamera(stream);
  stream = null;
  buttons.hide();
  last = null;
  verdict.clear();
  state.clear();
  showBoxes(overlay, [], 1, 1);
  for (const each of [video, still, look, find('where'), details]) each.hidden = true;
  rate.textContent = '';
  return request;
}

function showInvitation() {
  forget();
  invitation.hidden = false;
  return prepare();
}

async function startCamera() {
  const mine = forget();
  state.wait('Waiting for the camera');
  try {
    const opened = await openCamera(facing);
    if (mine !== request) {
      closeCamera(opened);
      return;
    }
    stream = opened;
    video.srcObject = stream;
    [invitation.hidden, look.hidden, video.hidden] = [true, false, false];
    find('close').textContent = 'Stop';
    find('close').focus();
    await buttons.show(stream);
    await video.play().catch(() => {}); // It fails when the camera is stopped meanwhile.
    if (mine !== request) return;
    state.wait('Loading the network');
    await watch(mine);
  } catch (error) {
    if (mine !== request) return;
    forget();
    invitation.hidden = false;
    state.fail(error, startCamera);
  }
}

/** Classifies the frames of the camera, until the user asks for something else. */
async function watch(mine) {
  const tick = counter((times) => {
    rate.textContent = `${times} frames a second`;
  });
  const goesOn = () => mine === request;
  let [taken, newest] = [0, 0]; // Numbers of the last frame that was taken, and of that shown.
  let begin = null; // Called after the first answer; only then another worker starts.
  const begun = new Promise((resolve) => {
    begin = resolve;
  });
  const starts = async (place) => !place || ((await begun) && isReady(MODEL, place));
  const ready = Array.from({ length: MOST }, (_, place) => starts(place));
  await eachFrame(video, goesOn, ready, async (picture, place) => {
    taken += 1;
    const number = taken;
    const { width, height } = picture;
    const answer = await classify(picture, width, height, details.open, place);
    begin(goesOn());
    if (!goesOn()) return;
    tick();
    if (number < newest) return;
    newest = number;
    state.clear();
    show(answer, width, height);
  });
}

/** Shows a picture, and what it is. The file is given, or a function that fetches it. */
async function showFile(given) {
  const mine = forget();
  invitation.hidden = true;
  state.wait('Reading the picture');
  try {
    const file = await fileOf(given);
    if (mine !== request) return;
    const picture = await decoded(file);
    const { width, height } = sizeToRead(picture);
    if (mine !== request) return;
    [still.width, still.height] = [width, height];
    still.getContext('2d').drawImage(picture, 0, 0, width, height);
    [look.hidden, still.hidden] = [false, false];
    find('close').textContent = 'Another one';
    state.wait('Loading the network');
    const answer = await classify(picture, width, height, true);
    if (mine !== request) return;
    state.clear();
    show(answer, width, height);
    find('close').focus();
    await new Promise((resolve) => setTimeout(resolve)); // The answer is seen first.
    if (mine === request) keep(file);
  } catch (error) {
    if (mine !== request) return;
    forget();
    invitation.hidden = false;
    state.fail(error, () => showFile(given));
  }
}

async function described() {
  about ??= await describe(MODEL);
  verdict.limit(about.sure);
}

async function classify(picture, width, height, withViews, place = 0) {
  await described();
  const argument = { picture, width, height, opaque: Boolean(stream), withViews };
  return ask('classify', argument, state.progress, [picture], place);
}

/** Shows an answer on a picture of that size. */
function show(answer, width, height) {
  last = { answer, width, height };
  verdict.show(answer);
  // The camera may see music in the next frame; a picture without music stays without boxes.
  find('where').hidden = stream ? !answer.boxes : !answer.boxes?.length;
  details.hidden = !answer.shares;
  showBoxes(overlay, answer.boxes ?? [], width, height);
  showWhatIsSeen();
}

/** Shows what the network sees, where the user has asked for it. */
function showWhatIsSeen() {
  if (!details.open || !last?.answer.views) return;
  showSeen(seen, last.answer, about.picture, last.width, last.height);
}

/** Adds what is shown to the strip of what was tried, unless it is there. */
function keep(source) {
  const { answer, width, height } = last;
  const { label, confidence, sure } = answer;
  const picture = thumbnail(stream ? video : still, width, height);
  strip.add({ picture, words: inWords(answer), label, confidence, sure, source });
}

/** Ends what is shown. The last frame of a camera is kept. */
async function close() {
  const wasLive = Boolean(stream);
  if (wasLive && last) {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [last.width, last.height];
    canvas.getContext('2d').drawImage(video, 0, 0, last.width, last.height);
    const frame = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg'));
    if (stream && frame) keep(new File([frame], 'frame.jpg', { type: frame.type }));
  }
  showInvitation();
  find(wasLive ? 'start' : 'file').focus();
}

function switchCamera() {
  facing = facing === 'environment' ? 'user' : 'environment';
  startCamera();
}

find('start').addEventListener('click', startCamera);
find('turn').addEventListener('click', switchCamera);
find('close').addEventListener('click', close);
find('copy').addEventListener('click', (event) => {
  if (last) copy(`${inWords(last.answer)} (omr_jax)`, event.currentTarget);
});
receiveChosen(find('file'), showFile);
onToggle(find('where'), (on) => overlay.classList.toggle('off', !on));
details.addEventListener('toggle', showWhatIsSeen);
for (const each of part.querySelectorAll('[data-example]')) {
  each.addEventListener('click', () => showFile(() => example(each.dataset.example)));
}

/** Called when this part is shown; nothing of an earlier visit is. */
export const enter = showInvitation;
/** Called when another part is shown. */
export const leave = forget;
/** Takes a file that was dropped or pasted. */
export const receive = showFile;

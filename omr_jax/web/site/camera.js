// The section “Camera”: live pictures, picture files and dropped files, and what the network says.

import { classify, readPicture } from './classify.js';
import { showBoxes } from './overlay.js';
import { closeCamera, countCameras, hasLight, openCamera, setLight } from './stream.js';

const section = document.querySelector('#part-camera');
const find = (id) => section.querySelector(`#${id}`);
const [video, still, result, spoken] = ['video', 'still', 'result', 'spoken'].map(find);
const [overlay, where] = ['boxes', 'where'].map(find);

let stream = null;
let facing = 'environment';
let request = 0; // Number of the user's last request; results of earlier ones are dropped.

/**
 * Shows an answer, and where the music is, on a picture of that size; a screen reader reads it out
 * when it changes.
 */
function showAnswer({ label, confidence, sure, boxes }, width, height, more = '') {
  const words = sure ? label : `not sure, ${label}`;
  show(`${words}  ${(100 * confidence).toFixed(0)} %${more}`, label, sure ? label : 'not sure');
  result.classList.toggle('unsure', !sure);
  where.hidden = !boxes;
  showBoxes(overlay, boxes ?? [], width, height);
}

function showError(error) {
  result.classList.remove('unsure');
  show(error.message, 'error', error.message);
  hideBoxes();
}

function show(text, label, aloud) {
  result.textContent = text;
  result.dataset.label = label;
  if (spoken.dataset.said !== aloud) spoken.textContent = aloud;
  spoken.dataset.said = aloud;
}

function hideBoxes() {
  showBoxes(overlay, [], 1, 1);
  where.hidden = true;
}

async function startCamera() {
  stopCamera();
  const mine = request;
  still.hidden = true;
  result.textContent = 'waiting for the camera';
  try {
    const opened = await openCamera(facing);
    if (mine !== request) {
      closeCamera(opened);
      return;
    }
    stream = opened;
    await showVideo();
    await showButtons(mine);
    await watch(mine);
  } catch (error) {
    if (mine !== request) return;
    stopCamera();
    showError(error);
  }
}

async function showVideo() {
  video.srcObject = stream;
  video.hidden = false;
  find('stop').disabled = false;
  await video.play().catch(() => {}); // It fails when the camera is stopped meanwhile.
}

async function showButtons(mine) {
  const several = (await countCameras()) > 1;
  if (mine !== request) return;
  find('torch').hidden = !hasLight(stream);
  find('turn').hidden = !several;
}

/** Classifies one frame after the other, until the user asks for something else. */
async function watch(mine) {
  let times = []; // Times of the answers of the last second, in milliseconds.
  while (mine === request) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    if (mine !== request || !video.videoWidth) continue;
    const { videoWidth: width, videoHeight: height } = video;
    const found = await classify(video, width, height);
    if (mine !== request) return;
    const now = performance.now();
    times = [...times.filter((time) => now - time < 1000), now];
    showAnswer(found, width, height, `  ${times.length} frames/s`);
  }
}

function stopCamera() {
  request += 1;
  closeCamera(stream);
  stream = null;
  video.hidden = true;
  find('torch').hidden = true;
  find('torch').setAttribute('aria-pressed', 'false');
  find('turn').hidden = true;
  find('stop').disabled = true;
  hideBoxes();
}

function stopAndClear() {
  stopCamera();
  result.textContent = '';
  delete spoken.dataset.said;
}

async function classifyFile(file) {
  stopCamera();
  const mine = request;
  result.textContent = 'reading the picture';
  try {
    const { picture, width, height } = await readPicture(file);
    if (mine !== request) return;
    [still.width, still.height] = [width, height];
    still.getContext('2d').drawImage(picture, 0, 0, width, height);
    still.hidden = false;
    const found = await classify(picture, width, height);
    if (mine === request) showAnswer(found, width, height);
  } catch (error) {
    if (mine === request) showError(error);
  }
}

async function switchLight() {
  const on = find('torch').getAttribute('aria-pressed') !== 'true';
  try {
    await setLight(stream, on);
    find('torch').setAttribute('aria-pressed', String(on));
  } catch {
    find('torch').hidden = true;
  }
}

function switchBoxes() {
  const on = where.getAttribute('aria-pressed') !== 'true';
  where.setAttribute('aria-pressed', String(on));
  overlay.classList.toggle('off', !on);
}

function switchCamera() {
  facing = facing === 'environment' ? 'user' : 'environment';
  startCamera();
}

function classifyFirst(files) {
  if (files.length) classifyFile(files[0]);
}

find('start').addEventListener('click', startCamera);
find('stop').addEventListener('click', stopAndClear);
where.addEventListener('click', switchBoxes);
find('torch').addEventListener('click', switchLight);
find('turn').addEventListener('click', switchCamera);
find('file').addEventListener('change', (event) => classifyFirst(event.target.files));
for (const kind of ['dragenter', 'dragover', 'drop']) {
  // Without this the browser would open the file itself.
  section.addEventListener(kind, (event) => event.preventDefault());
}
section.addEventListener('drop', (event) => classifyFirst(event.dataTransfer.files));

/** Called when another section is shown. */
export const leave = stopCamera;

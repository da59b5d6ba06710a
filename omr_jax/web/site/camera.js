// Live pictures, files and what is dropped: scores or something else?

import { answer, load } from './model.js';
import { brightness, views } from './picture.js';

const LONGEST = 1600; // Pixels of a still picture's longer side; larger ones are reduced first.
const MOST_PIXELS = 60e6; // Browsers give up on canvases beyond.

export function start(root) {
  const find = (id) => root.querySelector(`#${id}`);
  const [video, shown, result, spoken] = ['video', 'still', 'result', 'spoken'].map(find);
  const canvas = document.createElement('canvas');
  let stream = null;
  let facing = 'environment';
  let frames = [];
  let turn = 0; // Of what was asked for last: what comes too late for an older one is dropped.

  /** Says it on the picture, and to a screen reader when the class changes. */
  function say({ label, confidence }, pace = '') {
    result.textContent = `${label}  ${(100 * confidence).toFixed(0)} %${pace}`;
    result.dataset.label = label;
    if (spoken.dataset.label !== label) {
      spoken.dataset.label = label;
      spoken.textContent = label;
    }
  }

  function fail(words) {
    result.textContent = words;
    result.dataset.label = 'error';
    spoken.dataset.label = 'error';
    spoken.textContent = words;
  }

  async function classify(source, width, height) {
    const { about, run } = await load('scores');
    canvas.width = width;
    canvas.height = height;
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    pen.fillStyle = 'white';
    pen.fillRect(0, 0, width, height);
    pen.drawImage(source, 0, 0, width, height);
    const grey = brightness(pen.getImageData(0, 0, width, height).data);
    return answer(about, await run({ views: views(grey, width, height, about.picture) }));
  }

  async function watch(mine) {
    while (stream === mine) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      if (stream !== mine || !video.videoWidth) continue;
      const found = await classify(video, video.videoWidth, video.videoHeight);
      if (stream !== mine) return;
      const now = performance.now();
      frames = [...frames.filter((time) => now - time < 1000), now];
      say(found, `  ${frames.length} frames/s`);
    }
  }

  async function open() {
    stop();
    const mine = turn;
    shown.hidden = true;
    if (!navigator.mediaDevices?.getUserMedia) {
      return fail('No camera here: open this page by https or on localhost, or choose a picture.');
    }
    result.textContent = 'waiting for the camera';
    const wanted = { facingMode: facing, width: { ideal: 1280 } };
    let found;
    try {
      found = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    } catch (error) {
      if (mine !== turn) return undefined;
      return fail(PROBLEMS[error.name] ?? `The camera does not start (${error.message}).`);
    }
    if (mine !== turn) return release(found);
    stream = found;
    video.srcObject = stream;
    video.hidden = false;
    find('stop').disabled = false;
    await video.play().catch(() => {}); // It was stopped meanwhile.
    if (mine !== turn) return undefined;
    const [track] = stream.getVideoTracks();
    find('torch').hidden = !track.getCapabilities?.().torch;
    const cameras = await navigator.mediaDevices.enumerateDevices();
    if (mine !== turn) return undefined;
    find('turn').hidden = cameras.filter(({ kind }) => kind === 'videoinput').length < 2;
    try {
      await watch(stream);
    } catch (error) {
      stop();
      fail(error.message);
    }
    return undefined;
  }

  const release = (given) => given?.getTracks().forEach((track) => track.stop());

  function stop() {
    turn += 1;
    release(stream);
    stream = null;
    video.hidden = true;
    find('torch').hidden = true;
    find('torch').setAttribute('aria-pressed', 'false');
    find('turn').hidden = true;
    find('stop').disabled = true;
  }

  async function still(file) {
    stop();
    const mine = turn;
    result.textContent = 'looking';
    let picture;
    try {
      picture = await createImageBitmap(file);
    } catch {
      if (mine !== turn) return undefined;
      return fail(`${file.name}: not a picture that this browser reads, or a damaged one.`);
    }
    if (mine !== turn) return undefined;
    if (picture.width * picture.height > MOST_PIXELS) {
      return fail(`${file.name}: too large; make it smaller than 60 million pixels.`);
    }
    const zoom = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const size = [picture.width, picture.height].map((n) => Math.max(1, Math.round(n * zoom)));
    [shown.width, shown.height] = size;
    shown.getContext('2d').drawImage(picture, 0, 0, ...size);
    shown.hidden = false;
    try {
      const found = await classify(picture, ...size);
      if (mine === turn) say(found);
    } catch (error) {
      if (mine === turn) fail(error.message);
    }
    return undefined;
  }

  async function torch() {
    const on = find('torch').getAttribute('aria-pressed') !== 'true';
    try {
      await stream.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: on }] });
      find('torch').setAttribute('aria-pressed', String(on));
    } catch {
      find('torch').hidden = true; // It promised a light that it hasn't.
    }
  }

  find('start').addEventListener('click', open);
  find('stop').addEventListener('click', () => {
    stop();
    result.textContent = '';
    delete spoken.dataset.label;
  });
  find('torch').addEventListener('click', torch);
  find('turn').addEventListener('click', () => {
    facing = facing === 'environment' ? 'user' : 'environment';
    open();
  });
  find('file').addEventListener('change', (event) => {
    const [file] = event.target.files;
    if (file) still(file);
  });
  for (const kind of ['dragenter', 'dragover', 'drop']) {
    root.addEventListener(kind, (event) => event.preventDefault());
  }
  root.addEventListener('drop', (event) => {
    const [file] = event.dataTransfer.files;
    if (file) still(file);
  });
  return { leave: stop };
}

const PROBLEMS = {
  NotAllowedError: 'The camera is not allowed: allow it in the browser’s settings for this page.',
  NotFoundError: 'There is no camera: choose a picture instead.',
  NotReadableError: 'Another program has the camera: close it, then start again.',
  OverconstrainedError: 'There is no such camera: choose a picture instead.',
};

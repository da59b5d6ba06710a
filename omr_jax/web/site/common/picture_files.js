// Pictures from files: decoding them, and getting them by dropping and pasting anywhere, or from the
// examples of the site.

import { Lasting } from './lasting.js';

const MOST_MEGAPIXELS = 60; // Browsers fail to draw much larger pictures.
const DRAWN_SIDE = 1200; // Longest side at which drawings without pixels (SVG) are drawn.

/**
 * Decodes a picture file.
 *
 * @param {File} file What the user has given.
 * @returns {Promise<ImageBitmap>}
 * @throws {Error} It is no picture or too large; the message is for the user.
 */
export async function decoded(file) {
  let picture;
  try {
    picture = isDrawing(file) ? await rasterized(file) : await createImageBitmap(file);
  } catch {
    throw new Lasting(`${file.name}: not a picture that this browser can read, or damaged.`);
  }
  if (picture.width * picture.height > MOST_MEGAPIXELS * 1e6) {
    picture.close();
    throw new Lasting(
      `${file.name}: too large; reduce it to at most ${MOST_MEGAPIXELS} million pixels.`,
    );
  }
  return picture;
}

function isDrawing(file) {
  return file.type === 'image/svg+xml' || /\.svg$/i.test(file.name);
}

/** An SVG file as pixels. As an image it can run no script, and load nothing. */
async function rasterized(file) {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([file], { type: 'image/svg+xml' }));
  try {
    image.src = address;
    await image.decode();
    const [width, height] = [image.naturalWidth || 1, image.naturalHeight || 1];
    const zoom = DRAWN_SIDE / Math.max(width, height);
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width, height].map((side) => Math.ceil(side * zoom));
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    return await createImageBitmap(canvas);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/**
 * Takes files that are dropped on the page or pasted.
 *
 * @param {function(): ?function(File)} receiver What takes a file now; null for nothing. The
 *   browser opens no dropped file itself, which would leave the page.
 */
export function receiveFiles(receiver) {
  const hasFiles = (event) => event.dataTransfer?.types.includes('Files');
  const mark = (on) => document.body.classList.toggle('dropping', on && Boolean(receiver()));
  for (const kind of ['dragenter', 'dragover']) {
    addEventListener(kind, (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      mark(true);
    });
  }
  addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) mark(false);
  });
  addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(false);
    take(event.dataTransfer.files);
  });
  addEventListener('paste', (event) => take(event.clipboardData?.files));

  function take(files) {
    if (files?.length) receiver()?.(files[0]);
  }
}

/**
 * Fetches an example.
 *
 * @param {string} name Its name in the folder `examples`, without the ending.
 * @returns {Promise<File>}
 * @throws {Error} It does not come; the message is for the user.
 */
export async function example(name) {
  const file = `${name}.webp`;
  try {
    const response = await fetch(new URL(`../examples/${file}`, import.meta.url));
    if (!response.ok) throw new Error();
    return new File([await response.blob()], file);
  } catch {
    throw new Error('The example does not come: is there a connection?');
  }
}

/** The file that is given, or that a given function fetches. */
export async function fileOf(given) {
  return typeof given === 'function' ? given() : given;
}

/** Gives each file chosen in an input to a function; the same file can be chosen twice. */
export function receiveChosen(input, receive) {
  input.addEventListener('change', () => {
    const [file] = input.files;
    if (file) receive(file);
    input.value = '';
  });
}

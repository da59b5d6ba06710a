// Saving as a file, copying, and pictures as files and addresses.

import { element } from './element.js';

/** Saves a content as a download of that name. */
export function download(content, name) {
  const link = element('a', { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000); // The browser reads it later.
}

/** Saves a value as a file of JSON. */
export function downloadJson(value, name) {
  download(new Blob([JSON.stringify(value, null, 1)], { type: 'application/json' }), name);
}

/** Copies text, and says so on the button for a moment. */
export async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Not allowed here';
  }
  setTimeout(() => {
    button.textContent = before;
  }, 1500);
}

/** A small copy of what can be drawn, as a data: address. */
export function thumbnail(source, width, height, side = 160) {
  const canvas = document.createElement('canvas');
  const zoom = Math.min(1, side / Math.max(width, height));
  [canvas.width, canvas.height] = [width, height].map((n) => Math.max(1, Math.round(n * zoom)));
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/jpeg', 0.8);
}

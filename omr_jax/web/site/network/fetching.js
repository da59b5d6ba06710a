// Fetches the large files of a network, and says how far it is.

const OFTEN = 100; // Milliseconds from one report to the next: each one changes the page.

let sizes = null; // A promise of `unpackedSizes`.

/** Unpacked size of each large file in bytes, by its path in the site; the build writes it. */
function unpackedSizes() {
  sizes ??= answered('sizes.json')
    .then((response) => response.json())
    .catch((error) => {
      sizes = null; // The next call asks again.
      throw error;
    });
  return sizes;
}

/**
 * Adds up how much of several files has come.
 *
 * @param {function({loaded: number, total: number})} report Called with bytes as they are sent,
 *   as soon as the sizes of all files are known.
 * @param {number} count Number of files.
 * @returns {function(string, number, number)} Called with a file, and bytes come and to come.
 */
export function together(report, count) {
  const files = new Map();
  let reported = -Infinity; // Time of the last report.
  return (file, loaded, total) => {
    files.set(file, { loaded, total });
    if (files.size < count) return;
    const sum = (name) => [...files.values()].reduce((all, each) => all + each[name], 0);
    const come = { loaded: sum('loaded'), total: sum('total') };
    if (come.loaded < come.total && performance.now() - reported < OFTEN) return;
    reported = performance.now();
    report(come);
  };
}

/**
 * Content of a file of this site.
 *
 * @param {string} path Its path in the site.
 * @param {function(string, number, number)} [came] See `together`.
 * @returns {Promise<Uint8Array>}
 * @throws {Error} It does not come; the message is for the user.
 */
export async function fetched(path, came = () => {}) {
  const response = await answered(path);
  const unpacked = (await unpackedSizes())[path];
  // The length of what is sent is that of the compressed file; what is read is unpacked.
  const sent = Number(response.headers.get('Content-Length')) || unpacked;
  const content = new Uint8Array(unpacked);
  let end = 0;
  came(path, 0, sent);
  try {
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      content.set(value, end);
      end += value.length;
      came(path, (sent * end) / unpacked, sent);
    }
  } catch {
    end = -1;
  }
  if (end !== unpacked) throw new Error('The network did not come whole: is there a connection?');
  return content;
}

/** The server's answer for a file of this site; otherwise an error with words for the user. */
export async function answered(path) {
  let response = null;
  try {
    response = await fetch(address(path));
  } catch {
    throw new Error('A part of this site does not come: is there a connection?');
  }
  if (!response.ok) throw new Error(`This site is incomplete: ${path} is missing on its server.`);
  return response;
}

export function address(path) {
  return new URL(`../${path}`, import.meta.url);
}

/** Whether the service worker has kept a file on an earlier visit. */
export async function isKept(path) {
  return Boolean(await self.caches?.match(address(path)).catch(() => null));
}

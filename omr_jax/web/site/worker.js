// The service worker: keeps a copy of the site, so that later visits need no network.
//
// A visit shows the kept copy. If the server has a newer site, it is fetched meanwhile and shown
// from the next visit on. What a page that is open then fetches later is of the newer site, too.
// `omr_jax.web.build` fills in the two names between percent signs.

const PREFIX = 'omr_jax ';
const CACHE = `${PREFIX}%REVISION%`;
const FILES = %FILES%;
let asking; // The timer by which this worker asks to take the place of an older one.

async function fetchAll() {
  const cache = await caches.open(CACHE);
  // The browser's own cache may have older ones for as long as the server has allowed.
  await cache.addAll(FILES.map((file) => new Request(file, { cache: 'no-cache' })));
  // Chromium may forget that it was asked. Then the older worker stays, and a page that is loaded
  // again waits for minutes.
  asking = setInterval(() => self.skipWaiting(), 500);
  await self.skipWaiting();
}

async function deleteOlder() {
  clearInterval(asking);
  const names = await caches.keys();
  const older = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function respond(request) {
  const cache = await caches.open(CACHE);
  if (/\/human\/[^/]*\.json$/.test(request.url)) return fresh(request, cache);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (kept) return kept;
  const response = await fetch(request);
  // Large models that not everybody needs are kept from their first use on.
  if (response.ok && request.url.endsWith('.onnx')) {
    keepModel(cache, request, response.clone()).catch(() => {});
  }
  return response;
}

/** Keeps a model, unless its size is another: the server may have a newer site by now. */
async function keepModel(cache, request, response) {
  const sizes = await (await cache.match('sizes.json')).json();
  const content = await response.blob();
  if (content.size !== sizes[request.url.slice(self.registration.scope.length)]) return;
  await cache.put(request, new Response(content, { headers: response.headers }));
}

/** Questions for people may change at any time: the kept ones are for visits without a network. */
async function fresh(request, cache) {
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept) return kept;
    throw error;
  }
}

addEventListener('install', (event) => event.waitUntil(fetchAll()));
addEventListener('activate', (event) => event.waitUntil(deleteOlder()));
addEventListener('fetch', (event) => {
  if (event.request.method === 'GET') event.respondWith(respond(event.request));
});

// Keeps the site for the next time. What is new on the server is taken at the visit after.

const KEPT = 'omr_jax %REVISION%';

addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(KEPT)
      .then((kept) => kept.addAll(%FILES%))
      .then(() => self.skipWaiting()),
  );
});

addEventListener('activate', (event) => {
  const others = (names) => names.filter((name) => name.startsWith('omr_jax ') && name !== KEPT);
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(others(names).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return;
  event.respondWith(
    caches
      .open(KEPT)
      .then((kept) => kept.match(event.request, { ignoreSearch: true }))
      .then((found) => found ?? fetch(event.request)),
  );
});

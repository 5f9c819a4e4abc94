// Delineo's service worker: after one visit the app works with the network off.
//
// `cargo xtask build` fills in the four constants below. A version is one exact set of files. It is installed only when
// every file has the hash that the list names, and served only as a whole, so versions are never mixed. A new version
// waits until the person says so (message `{ type: 'skip-waiting' }`) or the last window is closed.

const VERSION = '__VERSION__';
/** Sent with every file, for hosts that send no policy: a worker is governed by the policy of its own response. */
const POLICY = '__POLICY__';
/** Sent with every file too, names and values: they let the page's workers share memory, so that the CPU has threads. */
const ISOLATION = ['__ISOLATION__'];
/** @type {{ url: string, sha256: string, onDemand?: true }[]} Some are kept only once somebody has asked for them. */
const FILES = ['__FILES__'];

const CACHE = `delineo-${VERSION}`;
/** Caches of versions; those of a person's own models and of shared images have other names and are left alone. */
const IS_VERSION = /^delineo-[0-9a-f]{16}$/;
const SHARED = 'delineo-shared';
const HASH = 'X-Content-SHA256';
const PARALLEL_DOWNLOADS = 4;

const TYPES = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
  wasm: 'application/wasm',
  webmanifest: 'application/manifest+json',
};

const scope = new URL(self.registration.scope);
const page = scope.href;
const share = new URL('share', scope).href;
const absolute = ({ url, sha256 }) => [new URL(url, scope).href, sha256];
const hashes = new Map(FILES.map(absolute));
const onDemand = new Map(FILES.filter((file) => file.onDemand).map(absolute));

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', answer);
self.addEventListener('message', (event) => {
  const { type, url } = event.data ?? {};
  if (type === 'skip-waiting') event.waitUntil(self.skipWaiting());
  if (type === 'keep') event.waitUntil(keep(new URL(url, scope).href));
});

async function install() {
  const cache = await caches.open(CACHE);
  const held = await heldByHash();
  const waiting = [...hashes].filter(([url, sha256]) => !onDemand.has(url) || held.has(sha256));
  const failures = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      // One file that fails keeps the version from being installed, but what arrived is there for the next attempt.
      await obtain(cache, held, ...next).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_DOWNLOADS }, work));
  if (failures.length > 0) throw failures[0];
}

/** What an interrupted install already fetched, or an earlier version has, is not fetched again. */
async function obtain(cache, held, url, sha256) {
  const here = await cache.match(url);
  if (here?.headers.get(HASH) === sha256) return;
  const bytes = (await copyOf(held.get(sha256), sha256)) ?? (await download(url, sha256));
  await cache.put(url, sealed(bytes, url, sha256));
}

async function activate() {
  const old = (await versions()).filter((name) => name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  // On the first visit the open page may use this version at once. Later its successor is accepted by the person.
  // Not waited for: Firefox claims a cross-origin isolated page only when this has ended, and every page would wait.
  if (old.length === 0) self.clients.claim();
}

function answer(event) {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== scope.origin || !pathname.startsWith(scope.pathname)) return;
  const url = origin + pathname;
  if (request.method === 'POST' && url === share) return event.respondWith(receive(request));
  if (request.method !== 'GET') return;
  if (request.mode === 'navigate' && (url === page || url === `${page}index.html`)) {
    event.respondWith(serve(page).catch(() => fetch(request)));
  } else if (hashes.has(url)) {
    event.respondWith(serve(url));
  } else if (request.mode === 'navigate') {
    event.respondWith(fetch(request).catch(() => Response.redirect(page, 302)));
  }
}

/** A file that was asked for before this worker was in charge. */
async function keep(url) {
  if (hashes.has(url)) await serve(url).catch((error) => console.warn('Not kept for the next visit:', error));
}

/** A file of this version, and of no other. */
async function serve(url) {
  const cache = await caches.open(CACHE);
  const here = await cache.match(url);
  if (here) return here;
  // The browser dropped it, or nobody wanted it yet; the network may have the very same.
  const sha256 = hashes.get(url);
  const response = sealed(await download(url, sha256), url, sha256);
  await cache.put(url, response.clone());
  return response;
}

/** An image that another app shares. The page opens in any case, and says so when nothing arrived. */
async function receive(request) {
  await keepShared(request).catch((error) => console.warn('The shared image did not arrive:', error));
  return Response.redirect(`${page}?shared`, 303);
}

/** It waits in a cache of its own until the page takes it. */
async function keepShared(request) {
  const form = await request.formData();
  const image = form.getAll('image').find((value) => value instanceof File);
  if (!image) return;
  const headers = {
    'Content-Type': image.type || 'application/octet-stream',
    'X-File-Name': encodeURIComponent(image.name),
  };
  const cache = await caches.open(SHARED);
  await cache.put(`${page}shared-image`, new Response(image, { headers }));
}

async function versions() {
  return (await caches.keys()).filter((name) => IS_VERSION.test(name));
}

/** What the caches of all versions hold, by hash. */
async function heldByHash() {
  const held = new Map();
  for (const name of await versions()) {
    const cache = await caches.open(name);
    for (const response of await cache.matchAll()) held.set(response.headers.get(HASH), response);
  }
  return held;
}

async function copyOf(response, sha256) {
  if (!response) return undefined;
  const bytes = await response.clone().arrayBuffer();
  return (await hashOf(bytes)) === sha256 ? bytes : undefined;
}

async function download(url, sha256) {
  // The browser's own cache may be stale where a host sends no headers, so the second try goes past it.
  for (const cache of ['no-cache', 'reload']) {
    const response = await fetch(url, { cache });
    if (!response.ok) throw new Error(`${url} cannot be fetched: ${response.status}`);
    const bytes = await response.arrayBuffer();
    if ((await hashOf(bytes)) === sha256) return bytes;
  }
  throw new Error(`${url} is not the file that version ${VERSION} lists`);
}

function sealed(bytes, url, sha256) {
  const extension = url === page ? 'html' : url.slice(url.lastIndexOf('.') + 1);
  const headers = {
    'Content-Type': TYPES[extension] ?? 'application/octet-stream',
    'Content-Security-Policy': POLICY,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    ...Object.fromEntries(ISOLATION),
    [HASH]: sha256,
  };
  return new Response(bytes, { headers });
}

async function hashOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

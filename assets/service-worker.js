// Delineo's service worker: after one visit the app works without a network.
//
// A version is one exact set of files; `cargo xtask build` fills in the four constants below.
// - Installed: only when each file that is needed has arrived with the SHA-256 that the list names. An optional file (an
//   icon) may be missing; the weights of a larger model come when somebody asks for them.
// - Served: each file is checked once in this worker's lifetime. What is damaged or missing comes from the network and is
//   kept in the background. Where that fails too, the answer is status 503 with one sentence of plain text, never other bytes.
// - Never mixed: a page and its workers get the files of the version that the page was opened with, even after an update
//   was accepted in another window. A version's files are deleted when no window uses it any more.
//
// Messages from the page to a worker of its registration:
// - `{ type: 'skip-waiting' }`: a waiting version takes over. Every page that the earlier one controls gets
//   `controllerchange` and may go on; it runs the new version once it is reloaded.
// - `{ type: 'keep', url }`: keep this file too, which was perhaps fetched before there was a worker.
// - `{ type: 'status', urls? }` with a MessagePort: answered with `{ version, isComplete, missing }` for the version of the
//   page that asks. Files that are damaged or missing are fetched first. `isComplete`: each needed file, and each of
//   `urls`, is in the cache and was read back with the right hash; `missing` has the addresses of the others. `version` is
//   null for a page that no version served, as after a reload past the cache.

const VERSION = '__VERSION__';
/** Sent with every file, for hosts that send no policy: a worker is governed by the policy of its own response. */
const POLICY = '__POLICY__';
/** Sent with every file too, names and values: they let the page's workers share memory, so that the CPU has threads. */
const ISOLATION = ['__ISOLATION__'];
/** @type {{ url: string, sha256: string, onDemand?: true, optional?: true }[]} Addresses are relative to the page's. */
const FILES = ['__FILES__'];

/** Caches of versions; those of a person's own models and of shared images have other names and are left alone. */
const VERSION_CACHE = /^delineo-([0-9a-f]{16})$/;
/** Which version was active last, and which pages and workers run another one than the active one. */
const CLIENTS = 'delineo-clients';
const SHARED = 'delineo-shared';
const HASH = 'X-Content-SHA256';
const PARALLEL_DOWNLOADS = 4;
/** In the place of a version: the page came from the network, because the cache had none. */
const NETWORK = 'network';

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
const share = absolute('share');
/** Where a version's cache has its list of files, for the versions that come after it. */
const LIST = `${page}?files`;
const ACTIVE = `${page}?active`;

const own = version(VERSION, FILES);

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', answer);
self.addEventListener('message', hear);

async function install() {
  const cache = await cacheOf(own);
  await cache.put(LIST, new Response(JSON.stringify(FILES)));
  // One file that fails keeps the version from being installed, but what arrived is there for the next attempt.
  const failures = [];
  await forEach(own.files, async ([url, { onDemand, optional }]) => {
    if (onDemand && !(await copyOfAnother(own, url))) return;
    await ensure(own, url).catch((error) => {
      if (onDemand || optional) console.warn('Not kept:', error);
      else failures.push(error);
    });
  });
  if (failures.length > 0) throw failures[0];
}

async function activate() {
  assigned = undefined;
  const predecessor = await recall(ACTIVE);
  await remember(ACTIVE, VERSION);
  const controlled = await self.clients.matchAll({ type: 'all' });
  // On the first visit the open page may use this version at once. Later its successor is accepted by the person.
  // Not waited for: Firefox claims a cross-origin isolated page only when this has ended, and every page would wait.
  if (controlled.length === 0) self.clients.claim();
  const known = await assignments();
  for (const { id } of controlled) if (predecessor && !known.has(id)) await assign(id, predecessor);
  await tidy();
}

function answer(event) {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== scope.origin || !pathname.startsWith(scope.pathname)) return;
  const url = origin + pathname;
  if (request.method === 'POST' && url === share) return event.respondWith(receive(request));
  if (request.method !== 'GET') return;
  if (request.mode !== 'navigate') {
    event.respondWith(answerFile(event, url));
  } else if (url === page || url === `${page}index.html`) {
    event.respondWith(answerPage(event));
  } else if (own.files.has(url)) {
    event.respondWith(serve(event, own, url).catch(refusal));
  } else {
    event.respondWith(fetch(request).catch(() => Response.redirect(page, 302)));
  }
}

function hear(event) {
  const { type, url, urls = [] } = event.data ?? {};
  if (type === 'skip-waiting') event.waitUntil(self.skipWaiting());
  if (type === 'keep') event.waitUntil(keep(event.source?.id, absolute(url)));
  if (type === 'status') {
    const answered = status(event.source?.id, urls.map(absolute)).then((answer) => event.ports[0].postMessage(answer));
    event.waitUntil(answered.finally(tidy));
  }
}

// What the app asks for ----------------------------------------------------------------------------------------------

async function answerPage(event) {
  event.waitUntil(tidy());
  try {
    const response = await serve(event, own, page);
    // The successor may take over before it sees this client.
    if (hasSuccessor()) await assign(event.resultingClientId, VERSION);
    return response;
  } catch (error) {
    // The network may have a page of another version; then all that it asks for must come from there too.
    const response = await fetch(event.request).catch(() => refusal(error));
    await assign(event.resultingClientId, NETWORK);
    return response;
  }
}

async function answerFile(event, url) {
  const id = await versionFor(event.clientId, url);
  if (event.resultingClientId) {
    // A worker begins: it is of the version of the page that it belongs to.
    if (id !== VERSION || hasSuccessor()) await assign(event.resultingClientId, id);
    event.waitUntil(tidy());
  }
  if (id === NETWORK) return fetch(event.request);
  const version = await find(id);
  if (!version) return refusal('This page is of a version that is no longer on this device. Reload the page.');
  return version.files.has(url) ? serve(event, version, url).catch(refusal) : fetch(event.request);
}

/** A file of this version, and of no other. */
async function serve(event, version, url) {
  const kept = await intact(version, url);
  if (kept) return kept;
  const response = await obtain(version, url);
  event.waitUntil(store(version, url, response.clone()).catch((error) => console.warn('Not kept for the next visit:', error)));
  return response;
}

async function keep(client, url) {
  const version = await find(await versionFor(client, url));
  if (version?.files.has(url)) await ensure(version, url).catch((error) => console.warn('Not kept for the next visit:', error));
}

async function status(client, urls) {
  const version = await find(await versionFor(client, page));
  if (!version) return { version: null, isComplete: false, missing: urls };
  const needed = [...version.files].filter(([, { onDemand, optional }]) => !onDemand && !optional).map(([url]) => url);
  const missing = [];
  await forEach(new Set([...needed, ...urls]), async (url) => {
    const isKept = async () => Boolean(await intact(version, url));
    if (!(await isKept()) && !(await ensure(version, url).then(isKept, () => false))) missing.push(url);
  });
  return { version: version.id, isComplete: missing.length === 0, missing };
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

// Files of a version -------------------------------------------------------------------------------------------------

function version(id, files) {
  return { id, files: new Map(files.map((file) => [absolute(file.url), file])) };
}

function cacheOf({ id }) {
  return caches.open(`delineo-${id}`);
}

/** Files whose bytes in the cache have been found right, as `version address`. */
const verified = new Set();

/** The file in the version's cache, if it is there and its bytes are right. */
async function intact(version, url) {
  const mark = `${version.id} ${url}`;
  try {
    const cache = await cacheOf(version);
    if (!verified.has(mark)) {
      const kept = await cache.match(url);
      if (!kept || (await hashOf(await kept.arrayBuffer())) !== version.files.get(url).sha256) return undefined;
      verified.add(mark);
    }
    return await cache.match(url);
  } catch (error) {
    console.warn(`${url} cannot be read from the cache:`, error);
    return undefined;
  }
}

/** Has the file in the version's cache. */
async function ensure(version, url) {
  if (await intact(version, url)) return;
  await store(version, url, await obtain(version, url));
}

async function store(version, url, response) {
  const cache = await cacheOf(version);
  await cache.put(url, response);
}

/** The file from another version that has the very same, or from the network. */
async function obtain(version, url) {
  const { sha256 } = version.files.get(url);
  const copy = await copyOfAnother(version, url).catch(() => undefined);
  return sealed(copy ?? (await download(url, sha256)), url, sha256);
}

async function copyOfAnother(version, url) {
  const { sha256 } = version.files.get(url);
  for (const id of await keptVersions()) {
    const kept = id === version.id ? undefined : await (await cacheOf({ id })).match(url);
    if (kept?.headers.get(HASH) !== sha256) continue;
    const bytes = await kept.arrayBuffer().catch(() => new ArrayBuffer(0));
    if ((await hashOf(bytes)) === sha256) return bytes;
  }
  return undefined;
}

async function download(url, sha256) {
  const name = url === page ? 'The page' : url.slice(page.length);
  // The browser's own cache may be stale where a host sends no headers, so the second try goes past it.
  for (const cache of ['no-cache', 'reload']) {
    const response = await fetch(url, { cache }).catch(() => undefined);
    if (!response) throw new Error(`${name} is missing or damaged on this device, and the network cannot be reached.`);
    if (!response.ok) throw new Error(`${name} is missing or damaged on this device, and the server answers with status ${response.status}.`);
    const bytes = await response.arrayBuffer();
    if ((await hashOf(bytes)) === sha256) return bytes;
  }
  throw new Error(`${name} is missing or damaged on this device, and the server has another version of it.`);
}

function sealed(bytes, url, sha256) {
  const extension = url === page ? 'html' : url.slice(url.lastIndexOf('.') + 1);
  const type = TYPES[extension] ?? 'application/octet-stream';
  return new Response(bytes, { headers: headersOf(type, { [HASH]: sha256 }) });
}

function refusal(reason) {
  return new Response(reason.message ?? reason, { status: 503, headers: headersOf('text/plain; charset=utf-8') });
}

function headersOf(type, more = {}) {
  return {
    'Content-Type': type,
    'Content-Security-Policy': POLICY,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    ...Object.fromEntries(ISOLATION),
    ...more,
  };
}

// Versions and who runs them -----------------------------------------------------------------------------------------

/** Another version by its id, while its cache is here. */
async function find(id) {
  if (id === VERSION) return own;
  const cache = (await keptVersions()).includes(id) ? await cacheOf({ id }) : undefined;
  const list = await cache?.match(LIST);
  return list && version(id, await list.json());
}

async function keptVersions() {
  return (await caches.keys()).map((name) => VERSION_CACHE.exec(name)?.[1]).filter(Boolean);
}

function hasSuccessor() {
  return Boolean(self.registration.installing ?? self.registration.waiting);
}

/** The version whose files a client gets. */
async function versionFor(client, url) {
  const known = await assignments();
  if (known.has(client)) return known.get(client);
  if (own.files.has(url)) return VERSION;
  // Chromium names no client when a worker of a worker asks. Names have hashes: one version alone can be meant.
  for (const id of new Set(known.values())) if ((await find(id))?.files.has(url)) return id;
  return VERSION;
}

/**
 * The version, by client, of the pages and workers that this worker controls though they run another one. Written down, because
 * the browser stops a service worker whenever it has nothing to do.
 */
let assigned;
function assignments() {
  assigned ??= readAssignments().catch(() => new Map());
  return assigned;
}

async function readAssignments() {
  const cache = await caches.open(CLIENTS);
  const read = async ({ url }) => [new URL(url).searchParams.get('client'), await recall(url)];
  return new Map((await Promise.all((await cache.keys()).map(read))).filter(([client]) => client !== null));
}

async function assign(client, id) {
  if (!client) return;
  (await assignments()).set(client, id);
  await remember(`${page}?client=${client}`, id);
}

/** Forgets the clients that are gone and deletes the versions that no window runs. */
async function tidy() {
  const ids = await keptVersions();
  const known = await assignments();
  for (const client of known.keys()) {
    if (await self.clients.get(client)) continue;
    known.delete(client);
    await forget(`${page}?client=${client}`);
  }
  // The cache of a successor is none of ours; and who was overtaken does not judge.
  if (hasSuccessor() || (await recall(ACTIVE)) !== VERSION) return;
  const used = new Set([VERSION, ...known.values()]);
  for (const id of ids) if (!used.has(id)) await caches.delete(`delineo-${id}`);
}

async function recall(address) {
  const note = await (await caches.open(CLIENTS)).match(address);
  return note?.text();
}

async function remember(address, text) {
  try {
    // On a full disk nothing is written, and what is wrong is worse than what is unknown.
    await forget(address);
    await (await caches.open(CLIENTS)).put(address, new Response(text));
  } catch (error) {
    console.warn('Not written down:', error);
  }
}

async function forget(address) {
  await (await caches.open(CLIENTS)).delete(address);
}

// --------------------------------------------------------------------------------------------------------------------

/** Runs a few at a time. */
async function forEach(items, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: PARALLEL_DOWNLOADS }, worker));
}

function absolute(url) {
  return new URL(url, scope).href;
}

async function hashOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

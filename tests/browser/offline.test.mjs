// The app with the network off: after one visit, after a reload, after an update. Off means that the server is gone.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { phantom } from './pictures.mjs';
import { dist, seal, serve } from './server.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const picture = phantom('dermoscopy', 10, 240, 180);

async function wholeJob(app) {
  await app.segment(picture.file);
  await app.setThreshold(0.45);
  assert.ok((await app.savedMask()).bytes.length > 0);
}

/** Another version of the app, as a deployment would bring it: the same but for a word in the page. */
async function nextVersion(t) {
  const folder = mkdtempSync(path.join(tmpdir(), 'delineo-next-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const next = path.join(folder, 'dist');
  cpSync(dist, next, { recursive: true });
  const page = path.join(next, 'index.html');
  writeFileSync(page, readFileSync(page, 'utf8').replace('<title>Delineo</title>', '<title>Delineo next</title>'));
  await seal(next);
  return next;
}

const versions = (app) => app.page.evaluate(async () => (await caches.keys()).filter((name) => /^delineo-[0-9a-f]{16}$/.test(name)));

test('the whole job works with the network off after one visit, and again after a reload', async (t) => {
  const server = await serve();
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.page.getByText('Ready to work offline').waitFor();
  await server.stop();
  await app.page.context().setOffline(true);
  await wholeJob(app);
  await app.page.reload();
  await wholeJob(app);
  const fresh = await app.page.context().newPage();
  await app.page.close();
  await fresh.goto(`${server.origin}/?device=cpu`);
  await fresh.getByLabel('Open image', { exact: true }).setInputFiles([picture.file]);
  await fresh.getByRole('img', { name: new RegExp(`^${picture.file.name}`) }).waitFor();
});

test('every file of the app is in the cache of its version', async (t) => {
  const server = await serve();
  t.after(() => server.stop());
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.page.getByText('Ready to work offline').waitFor();
  const [version] = await versions(app);
  const cached = await app.page.evaluate(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname.slice(1)), version);
  const files = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dist, path.join(entry.parentPath ?? entry.path, entry.name)).split(path.sep).join('/'))
    .filter((name) => !['_headers', '.nojekyll', 'service-worker.js'].includes(name))
    .map((name) => (name === 'index.html' ? '' : name));
  assert.deepEqual(cached.sort(), files.sort());
});

test('an update is offered, waits for the person, and then works with the network off', async (t) => {
  const server = await serve();
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.page.getByText('Ready to work offline').waitFor();
  const [before] = await versions(app);
  await server.stop();

  const renewed = await serve(await nextVersion(t), server.port);
  await app.page.reload();
  await app.page.getByText('Update available').waitFor();
  assert.equal(await app.page.title(), 'Delineo', 'the old version still runs');
  await wholeJob(app);
  await app.page.getByRole('button', { name: 'Update now' }).click();
  await until(async () => (await app.page.title().catch(() => '')) === 'Delineo next', 'the new version');
  await until(async () => (await versions(app)).length === 1, 'the end of the old cache');
  assert.notEqual((await versions(app))[0], before);

  await renewed.stop();
  await app.page.context().setOffline(true);
  await app.page.reload();
  assert.equal(await app.page.title(), 'Delineo next');
  await wholeJob(app);
});

test('a host that mixes two versions cannot make the app mix them', async (t) => {
  const server = await serve();
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.page.getByText('Ready to work offline').waitFor();
  await server.stop();

  // The new list of files with an old page: half a deployment.
  const next = await nextVersion(t);
  cpSync(path.join(dist, 'index.html'), path.join(next, 'index.html'));
  const half = await serve(next, server.port);
  t.after(() => half.stop());
  await app.page.reload();
  await app.page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
  const state = () => app.page.evaluate(async () => {
    const { installing, waiting } = await navigator.serviceWorker.getRegistration();
    return installing ? 'installing' : waiting ? 'offered' : 'refused';
  });
  await until(async () => (await state()) !== 'installing', 'the end of the attempt');
  assert.equal(await state(), 'refused', 'half a version is not offered');
  await wholeJob(app);
});

// The app with the network off: after one visit, after a reload, after an update. Off means that the server is gone.

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { Delineo, until } from './delineo.mjs';
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

/** Another version of the app, as a deployment would bring it: the same but for a word in the page and what `change` does. */
async function nextVersion(t, change = () => {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'delineo-next-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const next = path.join(folder, 'dist');
  cpSync(dist, next, { recursive: true });
  const page = path.join(next, 'index.html');
  writeFileSync(page, readFileSync(page, 'utf8').replace('<title>Delineo</title>', '<title>Delineo next</title>'));
  change(next);
  await seal(next);
  return next;
}

/** Changes the version's cache: deletes the files whose names match, or puts other bytes in their places. */
async function tamper(app, pattern, bytes) {
  await app.page.evaluate(async ([source, other]) => {
    const [name] = (await caches.keys()).filter((key) => /^delineo-[0-9a-f]{16}$/.test(key));
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      if (!new RegExp(source).test(request.url)) continue;
      const { headers } = await cache.match(request);
      if (other === undefined) await cache.delete(request);
      else await cache.put(request, new Response(other, { headers }));
    }
  }, [pattern.source, bytes]);
  // What the worker has found right before, it does not read again.
  const session = await app.page.context().newCDPSession(app.page);
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
  await session.detach();
}

const versions = (app) => app.page.evaluate(async () => (await caches.keys()).filter((name) => /^delineo-[0-9a-f]{16}$/.test(name)));

test('the whole job works with the network off after one visit, and again after a reload', async (t) => {
  const server = await serve();
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.page.getByText('Works offline').waitFor();
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

/** The weights of models that another one comes before for the same images: kept once somebody has chosen them. */
function weightsOnDemand() {
  const json = (file) => JSON.parse(readFileSync(path.join(dist, 'models', file)));
  const models = json('index.json').map((id) => ({ id, ...json(`${id}/model.json`) }));
  const isForTheSame = ({ modalities }) => (other) => String(other.modalities) === String(modalities);
  return models.filter((model, place) => models.slice(0, place).some(isForTheSame(model))).map(({ id, weights }) => `models/${id}/${weights.file}`);
}

test('every file of the app is in the cache of its version, but those of larger models', async (t) => {
  const server = await serve();
  t.after(() => server.stop());
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.page.getByText('Works offline').waitFor();
  const [version] = await versions(app);
  const cached = await app.page.evaluate(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url)).filter(({ search }) => !search).map(({ pathname }) => pathname.slice(1)), version);
  const files = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dist, path.join(entry.parentPath ?? entry.path, entry.name)).split(path.sep).join('/'))
    .filter((name) => !['_headers', '.nojekyll', 'service-worker.js', ...weightsOnDemand()].includes(name))
    .map((name) => (name === 'index.html' ? '' : name));
  assert.deepEqual(cached.sort(), files.sort());
});

test('an update is offered, waits for the person, and then works with the network off', async (t) => {
  const server = await serve();
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.page.getByText('Works offline').waitFor();
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
  await app.page.getByText('Works offline').waitFor();
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

for (const [what, pattern] of [
  ['the engines', /engine.*\.wasm$/],
  ['the scripts of the engines', /engine.*\.js$/],
  ['the weights', /weights\.safetensors$/],
  ['the descriptions of the models', /model\.json$/],
  ['the code of the page', /page_bg.*\.wasm$/],
]) {
  test(`${what}, damaged in the cache, come from the network again and are kept`, async (t) => {
    const server = await serve();
    const app = await (await openWindow(t, browser, server.origin)).open();
    await app.page.getByText('Works offline').waitFor();
    await tamper(app, pattern, 'damaged');
    await app.page.reload();
    await wholeJob(app);
    await app.page.getByText('Works offline').waitFor();
    await server.stop();
    await app.page.reload();
    await wholeJob(app);
  });
}

test('“Works offline” is not said while files are missing, and is said once they are there', async (t) => {
  const server = await serve();
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.page.getByText('Works offline').waitFor();
  await server.stop();
  await app.page.reload();
  await app.page.getByText('Works offline').waitFor();
  // The engine for the GPU: nothing that goes on here needs it.
  await tamper(app, /engine_bg.*\.wasm$/);
  await app.page.reload();
  await wholeJob(app);
  await app.page.waitForTimeout(3000);
  assert.equal(await app.page.getByText('Works offline').count(), 0);
  const again = await serve(dist, server.port);
  t.after(() => again.stop());
  await app.page.reload();
  await app.page.getByText('Works offline').waitFor();
});

test('a disk without room for the app costs nothing but its work offline, and nothing else is said', async (t) => {
  const server = await serve();
  t.after(() => server.stop());
  const app = await openWindow(t, browser, server.origin);
  const session = await app.page.context().newCDPSession(app.page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 2_000_000 });
  await app.open();
  await wholeJob(app);
  const isRefused = () => app.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    return (await caches.keys()).length > 0 && !registration?.installing;
  });
  await until(isRefused, 'the end of the attempt');
  await wholeJob(app);
  assert.equal(await app.page.getByText(/works? offline/i).count(), 0);
});

test('an update accepted in one window leaves the other its engine and its models, and is there for it too', async (t) => {
  const server = await serve();
  const first = await (await openWindow(t, browser, server.origin)).open();
  await first.page.getByText('Works offline').waitFor();
  await first.segment(picture.file);
  const before = (await first.savedMask()).bytes;
  await server.stop();

  // In the new version each engine's loader has another name and no model is what it was.
  const next = await nextVersion(t, (folder) => {
    for (const name of readdirSync(folder).filter((file) => /^engine.*_loader-.*\.js$/.test(file))) {
      const renamed = name.replace(/[0-9a-f]{16}/, '0123456789abcdef');
      renameSync(path.join(folder, name), path.join(folder, renamed));
      const page = path.join(folder, 'index.html');
      writeFileSync(page, readFileSync(page, 'utf8').replaceAll(name, renamed));
    }
    for (const id of readdirSync(path.join(folder, 'models'))) {
      const weights = path.join(folder, 'models', id, 'weights.safetensors');
      if (existsSync(weights)) writeFileSync(weights, 'of another version');
    }
  });
  const renewed = await serve(next, server.port);
  t.after(() => renewed.stop());
  const second = new Delineo(await first.page.context().newPage(), server.origin);
  await second.open();
  await second.page.getByRole('button', { name: 'Update now' }).click();
  await until(async () => (await second.page.title().catch(() => '')) === 'Delineo next', 'the new version');
  assert.equal(await first.page.title(), 'Delineo');

  await first.page.workers()[0].evaluate(() => self.close()).catch(() => {});
  await first.page.getByText(/started again/).waitFor();
  await first.done(picture.file.name);
  assert.deepEqual((await first.savedMask()).bytes, before);

  await first.page.getByRole('button', { name: 'Update now' }).click();
  await until(async () => (await first.page.title().catch(() => '')) === 'Delineo next', 'the new version here too');
});

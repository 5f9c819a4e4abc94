// The service worker alone, on a site of a few bytes: what is fetched, what is served, what is kept.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch } from './chromium.mjs';
import { until } from './delineo.mjs';
import { seal } from './server.mjs';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json' };

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A finished site: a page that says which version it is, two files, one model; `change` comes after it is sealed, `add` before. */
async function site(t, version, change = () => {}, add = () => {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'delineo-site-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name, text) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  };
  write('index.html', `<!doctype html><meta charset="utf-8"><title>${version}</title><h1>${version}</h1>`);
  write('same.json', '{"same":true}');
  write('changing.json', `{"version":"${version}"}`);
  write('models/default/model.json', '{}');
  write('models/default/weights.safetensors', 'weights'.repeat(1000));
  write('service-worker.js', '');
  add(write);
  await seal(folder);
  change(write);
  return folder;
}

/** A server that counts what is asked of it and can change folders, as a deployment does. */
async function serving(t, folder) {
  const host = { folder, asked: [], down: false };
  const server = createServer((request, response) => {
    const name = new URL(request.url, 'http://x').pathname;
    host.asked.push(name);
    if (host.down) return request.socket.destroy();
    try {
      const file = path.join(host.folder, name.endsWith('/') ? `${name}index.html` : name);
      const bytes = readFileSync(file);
      response.writeHead(200, { 'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream' }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections?.());
  host.origin = `http://localhost:${server.address().port}`;
  return host;
}

async function visit(t, origin) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(origin);
  return page;
}

/** Registers the worker as the page does and waits until one is in charge. */
async function register(page) {
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('service-worker.js');
    await navigator.serviceWorker.ready;
  });
  await until(() => page.evaluate(() => navigator.serviceWorker.controller !== null), 'a controlled page');
}

async function findUpdate(page) {
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
  await until(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).waiting !== null), 'an update');
}

async function acceptUpdate(page) {
  await page.evaluate(async () => {
    const changed = new Promise((resolve) => {
      navigator.serviceWorker.oncontrollerchange = resolve;
    });
    (await navigator.serviceWorker.getRegistration()).waiting.postMessage({ type: 'skip-waiting' });
    await changed;
  });
}

const text = (page, url) => page.evaluate(async (address) => (await fetch(address)).text(), url);
const versionCaches = (page) => page.evaluate(async () => (await caches.keys()).filter((name) => /^delineo-[0-9a-f]{16}$/.test(name)));

test('after one visit every listed file is served with nobody answering', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const page = await visit(t, host.origin);
  await register(page);
  host.down = true;
  await page.goto(`${host.origin}/?model=default&device=cpu`);
  assert.equal(await page.textContent('h1'), 'one');
  assert.equal(await text(page, 'changing.json'), '{"version":"one"}');
  assert.equal((await text(page, 'models/default/weights.safetensors')).length, 7000);
  assert.equal(await text(page, 'models/index.json'), '["default"]\n');
});

test('a site under a path works the same', async (t) => {
  const folder = await site(t, 'deep');
  const outer = mkdtempSync(path.join(tmpdir(), 'delineo-outer-'));
  t.after(() => rmSync(outer, { recursive: true }));
  cpSync(folder, path.join(outer, 'some/path'), { recursive: true });
  const host = await serving(t, outer);
  const page = await visit(t, `${host.origin}/some/path/`);
  await register(page);
  host.down = true;
  await page.reload();
  assert.equal(await page.textContent('h1'), 'deep');
});

test('a file that is not the listed one keeps the whole version from being installed', async (t) => {
  const folder = await site(t, 'torn', (write) => write('changing.json', '{"version":"from another deployment"}'));
  const host = await serving(t, folder);
  const page = await visit(t, host.origin);
  const outcome = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.register('service-worker.js');
    const worker = registration.installing;
    await new Promise((resolve) => {
      worker.onstatechange = () => worker.state !== 'installing' && resolve();
    });
    return worker.state;
  });
  assert.equal(outcome, 'redundant');
});

test('an update fetches only what changed, waits for the word and leaves no old cache', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const page = await visit(t, host.origin);
  await register(page);
  await page.evaluate(async () => {
    await (await caches.open('delineo-own-models')).put('/own', new Response('mine'));
  });
  const [before] = await versionCaches(page);

  host.folder = await site(t, 'two');
  host.asked.length = 0;
  await findUpdate(page);
  const fetched = [...new Set(host.asked)].sort();
  assert.deepEqual(fetched, ['/', '/changing.json', '/service-worker.js']);
  await page.reload();
  assert.equal(await page.textContent('h1'), 'one', 'the old version runs until the person says otherwise');
  assert.equal(await text(page, 'changing.json'), '{"version":"one"}', 'and gets its own files');

  await acceptUpdate(page);
  host.down = true;
  await page.reload();
  assert.equal(await page.textContent('h1'), 'two');
  assert.equal(await text(page, 'changing.json'), '{"version":"two"}');
  assert.equal(await text(page, 'same.json'), '{"same":true}');
  const after = await versionCaches(page);
  assert.equal(after.length, 1);
  assert.notEqual(after[0], before);
  assert.equal(await page.evaluate(async () => (await (await caches.open('delineo-own-models')).match('/own')).text()), 'mine');
});

test('a larger model is fetched when it is asked for, and kept from then on', async (t) => {
  const weights = 'models/large/weights.safetensors';
  const both = (write) => {
    write('models/default/model.json', '{"modalities":["skin"]}');
    write('models/large/model.json', '{"modalities":["skin"]}');
    write(weights, 'large'.repeat(9));
  };
  const host = await serving(t, await site(t, 'one', undefined, both));
  const page = await visit(t, host.origin);
  await register(page);
  assert.ok(host.asked.includes('/models/large/model.json'));
  assert.ok(!host.asked.includes(`/${weights}`));

  const keep = () => page.evaluate((url) => navigator.serviceWorker.controller.postMessage({ type: 'keep', url }), weights);
  const isKept = () => page.evaluate(async (url) => Boolean(await caches.match(url)), weights);
  await keep();
  await until(isKept, 'the weights in the cache');
  host.folder = await site(t, 'two', undefined, both);
  await findUpdate(page);
  await acceptUpdate(page);
  assert.equal(host.asked.filter((name) => name === `/${weights}`).length, 1, 'an update does not fetch them again');
  host.down = true;
  await page.reload();
  assert.equal(await text(page, weights), 'large'.repeat(9));
});

test('an install that was interrupted goes on where it stopped', async (t) => {
  const folder = await site(t, 'one');
  const whole = readFileSync(path.join(folder, 'changing.json'));
  rmSync(path.join(folder, 'changing.json'));
  const host = await serving(t, folder);
  const page = await visit(t, host.origin);
  await page.evaluate(async () => {
    const { installing } = await navigator.serviceWorker.register('service-worker.js');
    await new Promise((resolve) => {
      installing.onstatechange = () => installing.state === 'redundant' && resolve();
    });
  });
  writeFileSync(path.join(folder, 'changing.json'), whole);
  host.asked.length = 0;
  await register(page);
  assert.ok(!host.asked.includes('/models/default/weights.safetensors'), `asked again for ${host.asked}`);
});

test('a file that the browser dropped is fetched again, and only the very same is taken', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const page = await visit(t, host.origin);
  await register(page);
  const drop = () => page.evaluate(async () => {
    const [name] = (await caches.keys()).filter((key) => key.startsWith('delineo-'));
    await (await caches.open(name)).delete('changing.json');
  });
  await drop();
  assert.equal(await text(page, 'changing.json'), '{"version":"one"}');
  await drop();
  host.folder = await site(t, 'two');
  await assert.rejects(text(page, 'changing.json'), /Failed to fetch/);
});

test('an image shared from another app waits for the page', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const page = await visit(t, host.origin);
  await register(page);
  await page.evaluate(() => {
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: 'share', enctype: 'multipart/form-data' });
    const input = Object.assign(document.createElement('input'), { type: 'file', name: 'image' });
    const files = new DataTransfer();
    files.items.add(new File(['pixels'], 'Läsion 1.png', { type: 'image/png' }));
    input.files = files.files;
    form.append(input);
    document.body.append(form);
  });
  await page.evaluate(() => document.forms[0].submit());
  await until(() => page.url() === `${host.origin}/?shared`, 'the redirect to the page');
  const shared = await page.evaluate(async () => {
    const response = await (await caches.open('delineo-shared')).match('./shared-image');
    return { type: response.headers.get('content-type'), name: decodeURIComponent(response.headers.get('x-file-name')), text: await response.text() };
  });
  assert.deepEqual(shared, { type: 'image/png', name: 'Läsion 1.png', text: 'pixels' });
});

test('from the second visit on the page and its workers are cross-origin isolated, whatever the host sends', async (t) => {
  const folder = await site(t, 'one', undefined, (write) => write('worker.js', 'postMessage(crossOriginIsolated)'));
  const host = await serving(t, folder);
  const page = await visit(t, host.origin);
  await register(page);
  assert.equal(await page.evaluate(() => crossOriginIsolated), false);
  await page.reload();
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  const inWorker = () => new Promise((resolve, reject) => {
    const worker = new Worker('worker.js');
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = () => reject(new Error('the worker was refused'));
  });
  assert.equal(await page.evaluate(inWorker), true);
});

test('a worker that the cache serves is under the policy even where the host sends none', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const page = await visit(t, host.origin);
  await register(page);
  const policy = await page.evaluate(async () => (await fetch('same.json')).headers.get('content-security-policy'));
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
});

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

const WEIGHTS = 'models/default/weights.safetensors';
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
  write(WEIGHTS, `weights of ${version}`);
  // An engine tells what weights it gets, once its thread, a worker of its own, has begun.
  write(`engine-${version}.js`, `
    const thread = new Worker('thread-${version}.js', { type: 'module' });
    thread.onmessage = async () => postMessage(await (await fetch('${WEIGHTS}')).text());
    thread.onerror = () => { throw new Error('no thread'); };`);
  write(`thread-${version}.js`, `import './part-${version}.js';`);
  write(`part-${version}.js`, 'postMessage(true);');
  write('icons/icon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
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
  assert.notEqual(await install(page), 'redundant');
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
    const next = (await navigator.serviceWorker.getRegistration()).waiting;
    const ready = new Promise((resolve) => {
      next.onstatechange = () => next.state === 'activated' && resolve();
    });
    next.postMessage({ type: 'skip-waiting' });
    // The page has its successor before that one has written down who runs which version.
    await Promise.all([changed, ready]);
  });
}

const text = (page, url) => page.evaluate(async (address) => (await fetch(address)).text(), url);
/** What the worker says of the version of this page. */
const status = (page, urls) => page.evaluate(async (more) => {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  (await navigator.serviceWorker.ready).active.postMessage({ type: 'status', urls: more }, [port2]);
  return answer;
}, urls);

/** Status and text of an answer. */
const answered = (page, url) => page.evaluate(async (address) => {
  const response = await fetch(address);
  return [response.status, await response.text()];
}, url);

/** Starts an engine in the page and gives what it says, or that it could not be loaded. */
const engine = (page, script) => page.evaluate((address) => new Promise((resolve) => {
  const worker = new Worker(address, { type: 'module' });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = () => resolve('not loaded');
}), script);

/** Has the browser stop the service worker, which it does by itself whenever there is nothing to do. */
async function stopWorker(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
  await session.detach();
}

/** Puts other bytes into the cache of the version and leaves all else. The worker forgets what it knew of them. */
async function damage(page, ...urls) {
  for (const url of urls) {
    await page.evaluate(async (address) => {
      for (const name of (await caches.keys()).filter((key) => /^delineo-[0-9a-f]{16}$/.test(key))) {
        const cache = await caches.open(name);
        const { headers } = await cache.match(address);
        await cache.put(address, new Response('damaged', { headers }));
      }
    }, url);
  }
  await stopWorker(page);
}

/** Leaves so many bytes of disk to the origin. */
async function limitDisk(page, quotaSize) {
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, ...(quotaSize === undefined ? {} : { quotaSize }) });
}

/** How the installation of the worker ends. */
const install = (page) => page.evaluate(async () => {
  const worker = (await navigator.serviceWorker.register('service-worker.js')).installing;
  await new Promise((resolve) => {
    worker.onstatechange = () => worker.state !== 'installing' && resolve();
  });
  return worker.state;
});

const versionCaches = (page) => page.evaluate(async () => (await caches.keys()).filter((name) => /^delineo-[0-9a-f]{16}$/.test(name)));

/** Until one version is left. The worker clears up whenever it is asked something; the browser may still count a page that has gone. */
const cleared = (page, what) => until(async () => {
  await status(page);
  return (await versionCaches(page)).length === 1;
}, what);

test('after one visit every listed file is served with the host gone', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const page = await visit(t, host.origin);
  await register(page);
  host.down = true;
  await page.goto(`${host.origin}/?model=default&device=cpu`);
  assert.equal(await page.textContent('h1'), 'one');
  assert.equal(await text(page, 'changing.json'), '{"version":"one"}');
  assert.equal(await text(page, WEIGHTS), 'weights of one');
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
  assert.equal(await install(page), 'redundant');
});

test('a file that is not needed offline may be missing on the host, and the rest is kept', async (t) => {
  const folder = await site(t, 'one');
  rmSync(path.join(folder, 'icons/icon.svg'));
  const host = await serving(t, folder);
  const page = await visit(t, host.origin);
  await register(page);
  const { isComplete, missing } = await status(page);
  assert.deepEqual([isComplete, missing], [true, []]);
  host.down = true;
  await page.reload();
  assert.equal(await page.textContent('h1'), 'one');
  assert.equal((await answered(page, 'icons/icon.svg'))[0], 503);
});

test('only a version whose needed files were all read back with the right hash is called complete', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const page = await visit(t, host.origin);
  await register(page);
  const whole = await status(page);
  assert.deepEqual(await versionCaches(page), [`delineo-${whole.version}`]);
  assert.deepEqual([whole.isComplete, whole.missing], [true, []]);

  await page.evaluate(async (name) => (await caches.open(name)).delete('same.json'), `delineo-${whole.version}`);
  await damage(page, WEIGHTS);
  host.down = true;
  const lacking = await status(page);
  assert.equal(lacking.isComplete, false);
  assert.deepEqual(lacking.missing.sort(), [`${host.origin}/${WEIGHTS}`, `${host.origin}/same.json`]);

  host.down = false;
  assert.equal((await status(page)).isComplete, true, 'the question itself has the files fetched');
  host.down = true;
  assert.equal(await text(page, WEIGHTS), 'weights of one');
  assert.equal(await text(page, 'same.json'), '{"same":true}');
});

test('weights that come on demand count only for the one who names them', async (t) => {
  const host = await serving(t, await site(t, 'one', undefined, (write) => {
    write('models/default/model.json', '{"modalities":["skin"]}');
    write('models/large/model.json', '{"modalities":["skin"]}');
    write('models/large/weights.safetensors', 'large');
  }));
  const page = await visit(t, host.origin);
  await register(page);
  host.down = true;
  assert.equal((await status(page)).isComplete, true);
  const asked = await status(page, ['models/large/weights.safetensors']);
  assert.deepEqual([asked.isComplete, asked.missing], [false, [`${host.origin}/models/large/weights.safetensors`]]);
});

test('a disk without room for the app leaves the page as it is, with nothing claimed, and another try may succeed', async (t) => {
  const large = (write) => write('large.json', 'x'.repeat(1_000_000));
  const host = await serving(t, await site(t, 'one', undefined, large));
  const page = await visit(t, host.origin);
  await limitDisk(page, 300_000);
  assert.equal(await install(page), 'redundant');
  assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active ?? null), null);
  assert.equal(await text(page, 'changing.json'), '{"version":"one"}');
  await limitDisk(page);
  await register(page);
  assert.equal((await status(page)).isComplete, true);
});

test('a file that arrives is handed over even where the disk has no room to keep it', async (t) => {
  const weights = 'models/large/weights.safetensors';
  const host = await serving(t, await site(t, 'one', undefined, (write) => {
    write('models/default/model.json', '{"modalities":["skin"]}');
    write('models/large/model.json', '{"modalities":["skin"]}');
    write(weights, 'large'.repeat(200_000));
  }));
  const page = await visit(t, host.origin);
  await register(page);
  await limitDisk(page, 100_000);
  assert.equal((await text(page, weights)).length, 1_000_000);
  const { isComplete, missing } = await status(page, [weights]);
  assert.deepEqual([isComplete, missing], [false, [`${host.origin}/${weights}`]], 'and it is not called kept');
});

test('a damaged file is never served: the network replaces it for good, and without a network it is a sentence', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const page = await visit(t, host.origin);
  await register(page);
  const files = { [WEIGHTS]: 'weights of one', 'models/default/model.json': '{}', 'models/index.json': '["default"]\n', 'part-one.js': 'postMessage(true);' };
  await damage(page, ...Object.keys(files));
  host.down = true;
  for (const name of Object.keys(files)) {
    const [code, sentence] = await answered(page, name);
    assert.equal(code, 503);
    assert.equal(sentence, `${name} is missing or damaged on this device, and the network cannot be reached.`);
  }
  assert.equal(await engine(page, 'engine-one.js'), 'not loaded');

  host.down = false;
  for (const [name, right] of Object.entries(files)) assert.deepEqual(await answered(page, name), [200, right]);
  assert.equal((await status(page)).isComplete, true);
  host.down = true;
  await stopWorker(page);
  for (const [name, right] of Object.entries(files)) assert.deepEqual(await answered(page, name), [200, right]);
  assert.equal(await engine(page, 'engine-one.js'), 'weights of one');
});

test('a file is read and hashed once in the life of the worker, not each time', async (t) => {
  const host = await serving(t, await site(t, 'one', undefined, (write) => write('large.json', 'x'.repeat(30_000_000))));
  const page = await visit(t, host.origin);
  await register(page);
  await stopWorker(page);
  const times = await page.evaluate(async () => {
    const measured = [];
    for (let round = 0; round < 4; round += 1) {
      const start = performance.now();
      const response = await fetch('large.json');
      measured.push(performance.now() - start);
      await response.body.cancel();
    }
    return measured;
  });
  t.diagnostic(`30 MB, until the answer begins: ${times.map((time) => time.toFixed(0)).join(', ')} ms`);
  assert.ok(Math.min(...times.slice(1)) < times[0] / 2, `${times}`);
});

test('a damaged page gives way to the same from the network, or to all of another version from there, or to a sentence', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const page = await visit(t, host.origin);
  await register(page);
  await damage(page, '/');
  host.down = true;
  assert.equal((await page.reload()).status(), 503);
  assert.match(await page.textContent('body'), /The page is missing or damaged on this device, and the network cannot be reached/);
  host.down = false;
  await page.reload();
  assert.equal(await page.textContent('h1'), 'one');

  await until(async () => (await status(page)).isComplete, 'a complete version');
  await damage(page, '/');
  host.folder = await site(t, 'two');
  await page.reload();
  assert.equal(await page.textContent('h1'), 'two');
  await stopWorker(page);
  assert.equal(await engine(page, 'engine-two.js'), 'weights of two');
  const { version, isComplete } = await status(page);
  assert.deepEqual([version, isComplete], [null, false]);
});

test('an update accepted in another window leaves a page its own version, until it is reloaded', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const old = await visit(t, host.origin);
  await register(old);
  const first = await status(old);
  const other = await old.context().newPage();
  await other.goto(host.origin);
  host.folder = await site(t, 'two');
  await findUpdate(other);
  await acceptUpdate(other);
  await other.reload();
  assert.equal(await other.textContent('h1'), 'two');

  for (const round of ['at once', 'after the worker was stopped']) {
    assert.equal(await engine(old, 'engine-one.js'), 'weights of one', round);
    assert.equal(await text(old, 'changing.json'), '{"version":"one"}', round);
    assert.equal(await text(old, WEIGHTS), 'weights of one', round);
    assert.equal(await engine(other, 'engine-two.js'), 'weights of two', round);
    assert.equal(await text(other, WEIGHTS), 'weights of two', round);
    const status1 = await status(old);
    assert.deepEqual([status1.version, status1.isComplete], [first.version, true], round);
    assert.notEqual((await status(other)).version, first.version, round);
    await stopWorker(old);
  }
  assert.equal((await versionCaches(old)).length, 2);

  await damage(old, WEIGHTS);
  assert.deepEqual(await answered(old, WEIGHTS), [503, `${WEIGHTS} is missing or damaged on this device, and the server has another version of it.`]);
  assert.equal(await text(other, WEIGHTS), 'weights of two');

  await old.reload();
  assert.equal(await old.textContent('h1'), 'two');
  assert.equal(await engine(old, 'engine-two.js'), 'weights of two');
  await cleared(old, 'the deletion of the unused cache');
});

test('three versions run side by side, and each goes with its last window', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const pages = [await visit(t, host.origin)];
  await register(pages[0]);
  for (const version of ['two', 'three']) {
    const page = await pages[0].context().newPage();
    await page.goto(host.origin);
    host.folder = await site(t, version);
    await findUpdate(page);
    await acceptUpdate(page);
    await page.reload();
    pages.push(page);
  }
  host.down = true;
  await stopWorker(pages[0]);
  for (const [place, version] of ['one', 'two', 'three'].entries()) {
    assert.equal(await engine(pages[place], `engine-${version}.js`), `weights of ${version}`);
    assert.equal((await status(pages[place])).isComplete, true, version);
  }
  // What no page uses goes with the next page that is loaded; the browser may still count a page that was closed just now.
  const goes = async (left, what) => until(async () => {
    await pages[2].reload();
    return (await versionCaches(pages[2])).length === left;
  }, what);
  await pages[1].close();
  await goes(2, 'the end of the second version');
  assert.equal(await engine(pages[0], 'engine-one.js'), 'weights of one');
  await pages[0].close();
  await goes(1, 'the end of the first version');
});

test('a page that opens while an update waits and is accepted elsewhere keeps the version that it was opened with', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const first = await visit(t, host.origin);
  await register(first);
  host.folder = await site(t, 'two');
  await findUpdate(first);
  const late = await first.context().newPage();
  await late.goto(host.origin);
  assert.equal(await late.textContent('h1'), 'one');
  await acceptUpdate(first);
  await stopWorker(late);
  assert.equal(await engine(late, 'engine-one.js'), 'weights of one');
  await first.reload();
  assert.equal(await engine(first, 'engine-two.js'), 'weights of two');
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
  assert.deepEqual(fetched, ['/', '/changing.json', '/engine-two.js', `/${WEIGHTS}`, '/part-two.js', '/service-worker.js', '/thread-two.js']);
  await page.reload();
  assert.equal(await page.textContent('h1'), 'one', 'the old version runs until the person says otherwise');
  assert.equal(await text(page, 'changing.json'), '{"version":"one"}', 'and gets its own files');

  await acceptUpdate(page);
  host.down = true;
  await page.reload();
  assert.equal(await page.textContent('h1'), 'two');
  assert.equal(await text(page, 'changing.json'), '{"version":"two"}');
  assert.equal(await text(page, 'same.json'), '{"same":true}');
  await cleared(page, 'the end of the old cache');
  assert.notEqual((await versionCaches(page))[0], before);
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
  assert.equal(await install(page), 'redundant');
  writeFileSync(path.join(folder, 'changing.json'), whole);
  host.asked.length = 0;
  await register(page);
  assert.ok(!host.asked.includes(`/${WEIGHTS}`), `asked again for ${host.asked}`);
});

test('a file that the browser dropped is fetched again, and only the very same is taken', async (t) => {
  const host = await serving(t, await site(t, 'one'));
  const page = await visit(t, host.origin);
  await register(page);
  const [cache] = await versionCaches(page);
  const drop = () => page.evaluate(async (name) => (await caches.open(name)).delete('changing.json'), cache);
  assert.ok(await drop());
  assert.equal(await text(page, 'changing.json'), '{"version":"one"}');
  // It is kept again in the background, after it was answered.
  await until(drop, 'the file in the cache again');
  host.folder = await site(t, 'two');
  const [code, sentence] = await answered(page, 'changing.json');
  assert.equal(code, 503);
  assert.match(sentence, /the server has another version of it/);
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

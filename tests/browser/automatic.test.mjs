// The model by what a picture shows: the app takes the one for it, says so, and leaves the last word to the person.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { phantom } from './pictures.mjs';
import { dist, seal, serve } from './server.mjs';

/** Models whose thresholds tell which one proposed what is on the screen; the last is an alternative to the first. */
const MODELS = {
  'test-dermoscopy': { name: 'Dermoscopy, small', modalities: ['dermoscopy'], threshold: 0.4 },
  'test-ultrasound': { name: 'Ultrasound, small', modalities: ['ultrasound'], threshold: 0.6 },
  'test-dermoscopy-base': { name: 'Dermoscopy, base', modalities: ['dermoscopy'], threshold: 0.7 },
};

let browser;
let server;
let folder;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'delineo-models-'));
  [browser, server] = await Promise.all([launch(), withModels().then((site) => serve(site))]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

/** The app with these models, whichever it was built with: the weights of its first one under two names. */
async function withModels() {
  const site = path.join(folder, 'dist');
  cpSync(dist, site, { recursive: true });
  const models = path.join(site, 'models');
  const [id] = JSON.parse(readFileSync(path.join(models, 'index.json')));
  const manifest = JSON.parse(readFileSync(path.join(models, id, 'model.json')));
  const weights = readFileSync(path.join(models, id, manifest.weights.file));
  for (const name of readdirSync(models)) rmSync(path.join(models, name), { recursive: true });
  for (const [name, changes] of Object.entries(MODELS)) {
    mkdirSync(path.join(models, name));
    writeFileSync(path.join(models, name, 'model.json'), JSON.stringify({ ...manifest, id: name, ...changes }));
    writeFileSync(path.join(models, name, manifest.weights.file), weights);
  }
  await seal(site);
  return site;
}

const skin = phantom('dermoscopy', 4, 240, 180).file;
const breast = phantom('ultrasound', 4, 240, 180).file;
const another = phantom('dermoscopy', 5, 240, 180).file;

/** The app with its requests to the engine recorded. */
async function open(t, query = '?device=cpu', options = {}) {
  const app = await openWindow(t, browser, server.origin, options);
  await app.page.addInitScript(() => {
    window.asked = [];
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function record(message, ...rest) {
      const request = message?.message;
      if (request) window.asked.push(typeof request === 'string' ? request : Object.keys(request)[0]);
      return postMessage.call(this, message, ...rest);
    };
  });
  await app.open(query);
  app.model = app.page.getByLabel('Model', { exact: true });
  app.chosen = () => app.model.evaluate((select) => select.selectedOptions[0].label);
  app.chooseModel = (label) => app.model.selectOption({ label });
  /** How often the engine was asked for something of this kind. */
  app.asked = (kind) => app.page.evaluate((name) => window.asked.filter((request) => request === name).length, kind);
  app.note = (words) => app.page.getByText(words, { exact: false }).first().waitFor();
  app.at = async (threshold) => assert.equal(Number(await app.threshold.inputValue()), threshold);
  return app;
}

test('each picture gets the model for what it shows, is told so, and meets the network once', async (t) => {
  const app = await open(t);
  await app.segment(breast);
  assert.equal(await app.chosen(), 'Automatic');
  await app.note('Chosen for this image: Ultrasound, small. It looks like ultrasound.');
  await app.says(/Border found in .* by “Ultrasound, small”/);
  await app.at(0.6);
  assert.equal(await app.asked('Segment'), 1);
  await app.segment(skin);
  await app.note('Chosen for this image: Dermoscopy, small. It looks like dermoscopy.');
  await app.at(0.4);
  assert.equal(await app.asked('Segment'), 2);
  assert.match(await app.about(), /Dermoscopy, small/);
  app.assertNoFaults();
});

test('in a queue of both kinds each picture has its model, and keeps its threshold and its strokes', async (t) => {
  const app = await open(t);
  await app.choose(skin, breast, another);
  await app.done(skin.name);
  // What the other model proposes is a choice all the same where the person makes it.
  await app.setThreshold(0.6);
  const plain = await app.area();
  await app.page.keyboard.press('b');
  const stage = await app.image(skin.name).boundingBox();
  await app.page.mouse.move(stage.x + stage.width * 0.3, stage.y + stage.height * 0.3);
  await app.page.mouse.down();
  await app.page.mouse.move(stage.x + stage.width * 0.36, stage.y + stage.height * 0.3, { steps: 6 });
  await app.page.mouse.up();
  await until(async () => (await app.area()) > plain, 'a larger mask');
  const drawn = await app.area();

  await app.page.keyboard.press('n');
  await app.done(breast.name);
  await app.note('Chosen for this image: Ultrasound, small.');
  await app.at(0.6);
  await app.page.keyboard.press('n');
  await app.done(another.name);
  await app.note('Chosen for this image: Dermoscopy, small.');
  await app.at(0.4);

  await app.page.keyboard.press('p');
  await app.done(breast.name);
  await app.note('Chosen for this image: Ultrasound, small.');
  await app.at(0.6);
  await app.page.keyboard.press('p');
  await app.done(skin.name);
  await app.note('Chosen for this image: Dermoscopy, small.');
  await app.at(0.6);
  assert.equal(await app.area(), drawn);
  await app.page.keyboard.press('Control+z');
  await until(async () => (await app.area()) === plain, 'the mask as before');
  // What is near stays ready, so that the way back asks for nothing.
  assert.equal(await app.asked('Segment'), 3);
  app.assertNoFaults();
});

test('a choice by hand stays for the pictures that follow, and over a reload, until “Automatic” is chosen', async (t) => {
  const app = await open(t);
  await app.segment(breast);
  await app.chooseModel('Dermoscopy, small');
  await app.note('This image looks like ultrasound, but the model was trained on dermoscopy.');
  await app.done(breast.name);
  await app.at(0.4);
  await app.segment(phantom('ultrasound', 5, 240, 180).file);
  assert.equal(await app.chosen(), 'Dermoscopy, small');
  assert.match(await app.about(), /Dermoscopy, small/);

  await app.page.reload();
  await app.segment(breast);
  assert.equal(await app.chosen(), 'Dermoscopy, small');
  await app.chooseModel('Automatic');
  await app.note('Chosen for this image: Ultrasound, small.');
  await app.says(/Border found in .* by “Ultrasound, small”/);

  await app.page.reload();
  await app.segment(skin);
  assert.equal(await app.chosen(), 'Automatic');
  await app.note('Chosen for this image: Dermoscopy, small.');
  app.assertNoFaults();
});

test('own weights stay in use until another model is chosen, and broken ones change nothing', async (t) => {
  const app = await open(t);
  await app.segment(skin);
  const broken = { name: 'broken.safetensors', mimeType: 'application/octet-stream', buffer: Buffer.from('no weights') };
  await app.choose(broken);
  await app.alert.first().waitFor();
  await until(async () => (await app.chosen()) === 'Automatic', 'the choice as before');
  const weights = readFileSync(path.join(folder, 'dist/models/test-dermoscopy/weights.safetensors'));
  await app.choose({ ...broken, name: 'mine.safetensors', buffer: weights });
  await app.page.getByText(/Your own model .* runs/).waitFor();
  await app.done(skin.name);
  for (const file of [breast, another]) {
    await app.segment(file);
    assert.equal(await app.chosen(), 'mine.safetensors');
  }
  await app.chooseModel('Automatic');
  await app.note('Chosen for this image: Dermoscopy, small.');
});

test('with the network off, both kinds of pictures find their model', async (t) => {
  const own = await serve(path.join(folder, 'dist'));
  const app = await openWindow(t, browser, own.origin);
  await app.open();
  await app.page.getByText('Works offline').waitFor();
  await own.stop();
  await app.page.context().setOffline(true);
  await app.page.reload();
  for (const [file, name] of [[breast, 'Ultrasound'], [skin, 'Dermoscopy']]) {
    await app.segment(file);
    await app.page.getByText(`Chosen for this image: ${name}, small.`).first().waitFor();
  }
});

test('with the network off, a model that was never chosen is not available, and one that ran is', async (t) => {
  const own = await serve(path.join(folder, 'dist'));
  const app = await openWindow(t, browser, own.origin);
  const asked = [];
  app.page.context().on('request', (request) => asked.push(request.url()));
  const model = app.page.getByLabel('Model', { exact: true });
  const chosen = () => model.evaluate((select) => select.selectedOptions[0].label);
  await app.open('?device=cpu');
  await app.page.getByText('Works offline').waitFor();
  const weights = `${own.origin}/models/test-dermoscopy-base/weights.safetensors`;
  assert.ok(!asked.includes(weights));

  await app.page.context().setOffline(true);
  await app.segment(skin);
  await model.selectOption({ label: 'Dermoscopy, base' });
  await app.alert.getByText(/“Dermoscopy, base” could not be loaded .* Check the connection/).waitFor();
  await until(async () => (await chosen()) === 'Automatic', 'the choice as before');

  await app.page.context().setOffline(false);
  await model.selectOption({ label: 'Dermoscopy, base' });
  await until(async () => Number(await app.threshold.inputValue()) === 0.7, 'the threshold of the model');
  await until(() => app.page.evaluate((url) => caches.match(url).then(Boolean), weights), 'the weights in the cache');
  await own.stop();
  await app.page.context().setOffline(true);
  await app.page.reload();
  await app.segment(skin);
  assert.equal(await chosen(), 'Dermoscopy, base');
});

test('a model that cannot be had leaves the picture without a mask rather than with a wrong one', async (t) => {
  // Without a service worker nothing is kept, as on the first visit with a connection that breaks off.
  const app = await open(t, '?device=cpu', { serviceWorkers: 'block' });
  await app.segment(skin);
  const files = '**/models/test-ultrasound/weights.safetensors';
  await app.page.context().route(files, (route) => route.abort());
  await app.choose(breast);
  await app.image(breast.name).waitFor();
  await app.alert.first().waitFor();
  assert.ok(await app.exportMask.isDisabled());
  assert.equal(await app.asked('Segment'), 1);
  assert.equal(await app.chosen(), 'Automatic');
  await app.page.context().unroute(files);
  await app.page.getByRole('button', { name: 'Try again' }).first().click();
  await app.done(breast.name);
  await app.note('Chosen for this image: Ultrasound, small.');
  assert.equal(await app.asked('Segment'), 2);
});

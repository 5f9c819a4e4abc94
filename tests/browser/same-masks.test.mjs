// A folder done in the page and on the command line: the masks are equal to the pixel. Half of the pictures are phantoms,
// half real images where the data sets are beside the checkout. 40 by default; `DELINEO_FOLDER=1000` makes it as many.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { grey } from './png.mjs';
import { dist, root, serve } from './server.mjs';
import { unzip } from './zip.mjs';

const COUNT = Number(process.env.DELINEO_FOLDER ?? 40);
/** A second each is far more than it takes. */
const PATIENCE = 120_000 + COUNT * 1000;

const commandLine = process.env.DELINEO_CLI;
const data = path.join(root, '../shared/data');
/** Of the largest pictures first, then of every set in turn. */
const SETS = ['full/busi', 'full/busi_normal', 'full/isic', 'isic/images', 'busi/images', 'busi_normal/images', 'busbra/images', 'ham10000/images', 'breast_usg/images', 'isic_val_full/images'];
/** The network's own sizes, smaller and larger ones, odd and even. */
const SIZES = ['256x256', '160x160', '176x176', '320x240', '241x333', '97x64', '800x600'];

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Real images of the data sets, so many, spread over the sets: `[path below the folder, file]`. */
function realImages(count) {
  const sets = SETS.filter((set) => existsSync(path.join(data, set))).map((set) => {
    const names = readdirSync(path.join(data, set)).filter((name) => !name.includes('_mask')).sort();
    const most = set.startsWith('full') ? names.length : Math.ceil(count / 4);
    const every = Math.max(1, names.length / most);
    return Array.from({ length: Math.min(most, names.length) }, (_, place) => [set, names[Math.floor(place * every)]]);
  });
  const taken = [];
  for (let place = 0; taken.length < count && sets.some((set) => set.length > place); place += 1) {
    taken.push(...sets.filter((set) => set.length > place).map((set) => set[place]));
  }
  return taken.slice(0, count).map(([set, name]) => [path.join('real', set, name), path.join(data, set, name)]);
}

/** The folder with all pictures. */
function madeFolder(t) {
  const made = mkdtempSync(path.join(tmpdir(), 'delineo-same-'));
  t.after(() => rmSync(made, { recursive: true }));
  const folder = path.join(made, 'set');
  const real = realImages(Math.floor(COUNT / 2));
  for (const [name, file] of real) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    copyFileSync(file, path.join(folder, name));
  }
  for (let seed = 1; seed <= COUNT - real.length; seed += 1) {
    const kind = ['dermoscopy', 'ultrasound'][seed % 2];
    const scratch = path.join(made, 'scratch');
    execFileSync(commandLine, ['phantom', '--kind', kind, '--seed', seed, '--size', SIZES[seed % SIZES.length], '--out', scratch]);
    mkdirSync(path.join(folder, 'phantoms', kind), { recursive: true });
    renameSync(path.join(scratch, `${kind}_${seed}.png`), path.join(folder, 'phantoms', kind, `${seed}.png`));
  }
  t.diagnostic(`${COUNT} pictures, ${real.length} of them real`);
  return folder;
}

/** Memory of the browser's processes by kind, now and at most, in MB; nothing where the system does not tell. */
async function memory() {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const told = processInfo.map(({ type, id }) => {
    try {
      const text = readFileSync(`/proc/${id}/status`, 'utf8');
      const [now, most] = ['VmRSS', 'VmHWM'].map((name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)[1]) / 1024));
      return `${type} ${now} MB, at most ${most} MB`;
    } catch {
      return undefined;
    }
  });
  return told.filter(Boolean).join('; ');
}

/** The files that the page exports of a folder, masks alone. */
async function exported(t, folder) {
  const app = await (await openWindow(t, browser, server.origin)).open('?device=cpu');
  const bar = app.page.getByRole('progressbar', { name: 'Segmenting' });
  const began = Date.now();
  await app.page.getByLabel('Open folder', { exact: true }).setInputFiles(folder);
  await bar.waitFor({ timeout: PATIENCE });
  const first = Date.now();
  await until(async () => (await bar.count()) === 0, 'the end of the segmentation', PATIENCE);
  const seconds = (Date.now() - began) / 1000;
  t.diagnostic(`page: ${COUNT} pictures in ${seconds.toFixed(1)} s, ${(COUNT / seconds).toFixed(1)} a second; the bar came after ${first - began} ms; ${await memory()}`);
  assert.match(await app.about(), /Runs on the CPU/);
  await app.page.getByText('Formats', { exact: true }).click();
  const formats = app.page.locator('details', { has: app.page.getByText('Formats', { exact: true }) });
  for (const box of await formats.getByRole('checkbox').all()) {
    await box.setChecked(await box.evaluate((input) => input.labels[0].textContent === 'Mask, PNG'));
  }
  const exporting = Date.now();
  const [download] = await Promise.all([
    app.page.waitForEvent('download', { timeout: PATIENCE }),
    app.page.getByRole('button', { name: 'Export all', exact: true }).click(),
  ]);
  const files = unzip(readFileSync(await download.path()));
  t.diagnostic(`page: exported in ${((Date.now() - exporting) / 1000).toFixed(1)} s; ${await memory()}`);
  app.assertNoFaults();
  return files;
}

test(`the masks of a folder of ${COUNT} pictures are the same to the pixel in the page and on the command line`, async (t) => {
  const folder = madeFolder(t);
  const files = await exported(t, folder);
  const session = JSON.parse(files.get('session.json'));
  assert.equal(session.images.length, COUNT);
  assert.deepEqual(session.images.filter((image) => image.error), []);

  // Which model a picture gets is decided in the page by how it looks; the command line is told.
  const models = new Map(readdirSync(path.join(dist, 'models'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => {
    const manifest = JSON.parse(readFileSync(path.join(dist, 'models', name, 'model.json')));
    return [manifest.weights.sha256, name];
  }));
  const outputs = new Map();
  for (const hash of new Set(session.images.map((image) => image.model))) {
    const out = path.join(path.dirname(folder), models.get(hash));
    const began = Date.now();
    execFileSync(commandLine, ['segment', folder, '--model', path.join(dist, 'models', models.get(hash)), '--device', 'cpu', '--format', 'mask', '--out', out], { stdio: ['ignore', 'ignore', 'pipe'] });
    const seconds = (Date.now() - began) / 1000;
    t.diagnostic(`command line, ${models.get(hash)}: ${seconds.toFixed(1)} s, ${(COUNT / seconds).toFixed(1)} a second`);
    outputs.set(hash, out);
  }

  const different = [];
  let pixels = 0;
  for (const image of session.images) {
    const name = image.files.find((file) => file.endsWith('_mask.png'));
    const relative = path.relative('set', name);
    const here = grey(files.get(name));
    const there = grey(readFileSync(path.join(outputs.get(image.model), relative)));
    assert.deepEqual([here.width, here.height], [there.width, there.height], name);
    pixels += here.values.length;
    const count = here.values.reduce((sum, value, place) => sum + (value === there.values[place] ? 0 : 1), 0);
    if (count > 0) different.push(`${name}: ${count} of ${here.values.length}`);
  }
  for (const [hash, name] of models) {
    t.diagnostic(`${name}: ${session.images.filter((image) => image.model === hash).length} pictures`);
  }
  t.diagnostic(`${different.length} of ${COUNT} masks differ, of ${pixels} pixels: ${different.slice(0, 30).join('; ')}`);
  assert.deepEqual(different, []);
});

// Odd files with the right answer, where they lie beside the checkout: each opens in the page as it should, or is refused.
// What a decoder makes of each pixel is tested natively (`crate/tests/cases*.rs`).

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { root, serve } from './server.mjs';

const folder = path.join(root, '../shared/cases');
const table = path.join(folder, 'cases.tsv');
const skip = existsSync(table) ? false : 'the odd files are not there';
const ROOMS = ['images', 'other', 'dicom'];
/** Part of the image by which a mask's area may differ from that of the same picture in a usual file. */
const AREA = 0.02;
/** Since the table was written archives open like folders, which `import.test.mjs` tries. */
const ARCHIVE = /\.zip$/;

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

function rows(room) {
  if (skip) return [];
  const lines = readFileSync(table, 'utf8').trimEnd().split('\n').slice(1);
  const all = lines.map((line) => line.split('\t')).map(([file, kind, expect]) => ({ file, kind, expect }));
  return all.filter(({ file }) => file.startsWith(`${room}/`) && !ARCHIVE.test(file));
}

/** Opens a file: what the image region says of it, or what the alert says. */
async function outcome(app, row) {
  const name = path.basename(row.file);
  await app.choose(path.join(folder, row.file));
  return until(async () => {
    const alerts = (await app.alert.allInnerTexts()).filter((text) => text.includes(name));
    if (alerts.length > 0) return { refusal: alerts.join(' ') };
    if ((await app.image(name).count()) === 0 || !(await app.exportMask.isEnabled())) return undefined;
    const said = await app.described();
    return said.exact && said;
  }, `an answer to ${row.file}`, 60_000);
}

function fraction({ pixels, width, height }) {
  return pixels / (width * height);
}

/** What is wrong with an outcome, as a sentence; nothing where it is right. */
function fault({ file, expect }, result, controls) {
  const size = /opens (\d+)x(\d+)/.exec(expect);
  const mayRefuse = expect.startsWith('refused') || / or refused/.test(expect);
  const mayOpen = size !== null || /or opens|\(or runs/.test(expect);
  if (result.refusal) return mayRefuse ? undefined : `${file} is refused: ${result.refusal}`;
  if (!mayOpen) return `${file} opens, but should be refused`;
  if (size && !expect.startsWith('refused') && `${result.width}x${result.height}` !== `${size[1]}x${size[2]}`) {
    return `${file} opens as ${result.width}x${result.height} instead of ${size[1]}x${size[2]}`;
  }
  const scale = /([\d.]+) x ([\d.]+) mm per pixel \(x, y\) (?:in|everywhere)/.exec(expect);
  if (scale && !result.text.includes(`${Number(scale[1])}`)) return `${file} has no scale of ${scale[1]}: ${result.text}`;
  if (/no calibration: pixels only/.test(expect) && /mm per pixel/.test(result.text)) return `${file} has a scale: ${result.text}`;
  const control = controls.get(/same mask as (\S+?),/.exec(expect)?.[1]);
  if (control !== undefined && Math.abs(control - fraction(result)) > AREA) {
    return `the mask of ${file} covers ${fraction(result)} instead of ${control}`;
  }
  return undefined;
}

for (const room of ROOMS) {
  test(`every file of ${room} opens or is refused as it should`, { skip }, async (t) => {
    const app = await (await openWindow(t, browser, server.origin)).open();
    const controls = new Map();
    for (const row of rows('images').filter(({ file }) => file.startsWith('images/control'))) {
      controls.set(row.file, fraction(await outcome(app, row)));
    }
    const faults = [];
    for (const row of rows(room)) {
      const result = await outcome(app, row).catch((error) => ({ refusal: `no answer: ${error.message}`, isLost: true }));
      const wrong = result.isLost ? result.refusal : fault(row, result, controls);
      if (wrong) faults.push(wrong);
    }
    assert.deepEqual(faults, []);
    app.assertNoFaults();
  });
}

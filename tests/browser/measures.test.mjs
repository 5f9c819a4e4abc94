// Measurements: figures with their units, a scale by hand, diameters of one's own, the report, and the true mask.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { dicom } from './dicom.mjs';
import { phantom } from './pictures.mjs';
import { grey, iou } from './png.mjs';
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

const open = async (t, options) => (await openWindow(t, browser, server.origin, options)).open();

/** What a row of a region says, once it says a figure: `{ value, unit, text }`, the value as a number. */
async function figure(app, name, region = 'Measurements') {
  const row = app.page.getByRole('region', { name: region }).getByRole('row', { name: new RegExp(`^${name}`) });
  return until(async () => {
    const text = (await row.innerText()).replace(/\s+/g, ' ').trim();
    const found = new RegExp(`^${name} ([\\d  .,]+?)(?: (mm²|mm|px²|px))?(?: |$)`).exec(text);
    return found && { value: Number(found[1].replace(/[^\d.]/g, '')), unit: found[2], text };
  }, `a figure of ${name}`);
}

/** Waits until a row has another figure than before. */
async function another(app, name, before) {
  return until(async () => {
    const now = await figure(app, name);
    return now.text !== before.text && now;
  }, `another ${name} than ${before.text}`);
}

const near = (one, other, part = 0.01) => Math.abs(one / other - 1) <= part;

const picture = phantom('ultrasound', 5, 320, 240);

test('a picture without a scale is measured in pixels, and one with a scale in millimetres', async (t) => {
  const app = await open(t);
  await app.segment(picture.file);
  const area = await figure(app, 'Area');
  assert.deepEqual([area.value, area.unit], [await app.area(), 'px²']);
  const longest = await figure(app, 'Longest diameter');
  const across = await figure(app, 'Perpendicular diameter');
  const perimeter = await figure(app, 'Perimeter');
  assert.deepEqual([longest.unit, across.unit, perimeter.unit], ['px', 'px', 'px']);
  assert.ok(longest.value >= across.value && perimeter.value > 2 * longest.value);

  const { values } = grey(picture.file.buffer);
  await app.segment(dicom('IM1', { width: 320, height: 240, frames: [values], spacing: [0.2, 0.2] }));
  await until(async () => (await figure(app, 'Area')).unit === 'mm²', 'square millimetres');
  const scaled = await figure(app, 'Longest diameter');
  assert.equal(scaled.unit, 'mm');
  const pixels = await app.area();
  assert.ok(near((await figure(app, 'Area')).value, pixels * 0.04), 'the area of the same mask');
  app.assertNoFaults();
});

test('a line of known length sets the scale with the pointer, and it can be undone', async (t) => {
  const app = await open(t);
  await app.segment(picture.file);
  const before = await figure(app, 'Longest diameter');
  await app.page.getByRole('button', { name: 'Set scale', exact: true }).click();
  const stage = await app.image('phantom').boundingBox();
  // The picture of 320 by 240 pixels is fitted into the stage with two per cent of space around it.
  const magnification = Math.min((stage.width * 0.96) / 320, (stage.height * 0.96) / 240);
  const [x, y] = [stage.x + stage.width / 2, stage.y + stage.height / 2];
  await app.page.mouse.move(x - 50 * magnification, y);
  await app.page.mouse.down();
  await app.page.mouse.move(x + 50 * magnification, y, { steps: 5 });
  await app.page.mouse.up();
  await app.page.getByRole('spinbutton', { name: 'Length in mm', exact: true }).fill('20');
  await app.page.getByRole('button', { name: 'Apply', exact: true }).click();
  await until(async () => (await figure(app, 'Longest diameter')).unit === 'mm', 'millimetres');
  const scaled = await figure(app, 'Longest diameter');
  assert.ok(near(scaled.value, before.value * 0.2, 0.03), `${scaled.text} of ${before.text}`);
  await app.page.keyboard.press('Control+z');
  assert.equal((await another(app, 'Longest diameter', scaled)).text, before.text);
  app.assertNoFaults();
});

test('the scale can be set by keyboard alone, for all pictures of the size that follow', async (t) => {
  const app = await open(t);
  await app.segment(picture.file);
  await app.page.keyboard.press('u');
  await app.page.keyboard.press('Enter');
  for (let step = 0; step < 10; step += 1) await app.page.keyboard.press('ArrowRight');
  await app.page.keyboard.press('Enter');
  const length = app.page.getByRole('spinbutton', { name: 'Length in mm', exact: true });
  await app.page.getByRole('checkbox', { name: 'Use for all images of this size' }).check();
  await length.fill('10');
  await length.press('Enter');
  await until(async () => (await figure(app, 'Area')).unit === 'mm²', 'square millimetres');
  await app.segment(phantom('ultrasound', 6, 320, 240).file);
  await until(async () => (await figure(app, 'Area')).unit === 'mm²', 'square millimetres again');
  await app.segment(phantom('ultrasound', 6, 300, 240).file, 'phantom_ultrasound_6.png');
  await until(async () => (await app.described()).width === 300, 'the other picture');
  await until(async () => (await figure(app, 'Area')).unit === 'px²', 'pixels');
  app.assertNoFaults();
});

test('the ends of a diameter can be moved, with the keyboard too, and are kept', async (t) => {
  const app = await open(t);
  await app.segment(picture.file);
  const computed = await figure(app, 'Longest diameter');
  await app.page.getByRole('button', { name: 'Longest diameter, first end' }).focus();
  for (let step = 0; step < 4; step += 1) await app.page.keyboard.press('ArrowDown');
  const own = await another(app, 'Longest diameter', computed);
  assert.match(own.text, /drawn by hand/);
  await app.setThreshold(0.4);
  await app.area();
  assert.equal((await figure(app, 'Longest diameter')).text, own.text);
  await app.page.getByRole('button', { name: 'Reset diameters' }).click();
  assert.doesNotMatch((await another(app, 'Longest diameter', own)).text, /by hand/);
  const shown = (await app.savedFromMenu('Overlay, PNG')).bytes;
  await app.page.getByRole('checkbox', { name: 'Show diameters' }).uncheck();
  assert.notDeepEqual((await app.savedFromMenu('Overlay, PNG')).bytes, shown, 'the overlay has what is shown');
  app.assertNoFaults();
});

test('the report on the clipboard is a sentence and a table, without the name of the file', async (t) => {
  const app = await open(t, { permissions: ['clipboard-read', 'clipboard-write'] });
  await app.segment({ ...picture.file, name: 'Jane Doe.png' });
  const area = await figure(app, 'Area');
  await app.page.getByRole('button', { name: 'Copy report', exact: true }).click();
  await app.page.getByText(/Report copied/).waitFor();
  const text = await app.page.evaluate(() => navigator.clipboard.readText());
  const [sentence, , names, row] = text.split('\n');
  assert.match(sentence, /longest diameter .* px/);
  assert.match(sentence, /research use, not a medical device/);
  const cells = Object.fromEntries(names.split('\t').map((name, place) => [name, row.split('\t')[place]]));
  assert.equal(Number(cells.area_px), area.value);
  assert.equal(cells.corrected, 'false');
  assert.ok(!text.includes('Jane'));
  app.assertNoFaults();
});

test('numbers have the signs of the person’s locale on screen', async (t) => {
  const app = await open(t, { locale: 'de-DE' });
  await app.segment(picture.file);
  const region = app.page.getByRole('region', { name: 'Measurements' });
  await region.getByText('More figures').click();
  await until(async () => /Solidity\s+0,\d\d/.test(await region.innerText()), 'a comma');
});

test('a mask beside its picture is the truth: scores, and a picture of the difference', async (t) => {
  const app = await open(t);
  const { name, file, mask } = phantom('dermoscopy', 4, 320, 240);
  const truth = { name: name.replace('.png', '_mask.png'), mimeType: 'image/png', buffer: mask };
  await app.choose(file, truth);
  await app.done(name);
  await app.area();
  const [dice, overlap] = [await figure(app, 'Dice', 'Comparison'), await figure(app, 'IoU', 'Comparison')];
  const expected = iou(grey((await app.savedMask()).bytes), grey(mask));
  assert.ok(Math.abs(overlap.value - expected) <= 0.001, `${overlap.text}, and ${expected} of the saved mask`);
  assert.ok(Math.abs(dice.value - (2 * expected) / (1 + expected)) <= 0.001, dice.text);
  assert.equal((await figure(app, 'HD95', 'Comparison')).unit, 'px');

  const look = async () => (await app.image(name).screenshot()).toString('base64');
  const before = await look();
  await app.page.getByRole('radio', { name: 'Difference', exact: true }).check({ force: true });
  await app.page.getByText('Too much', { exact: true }).waitFor();
  await until(async () => (await look()) !== before, 'the difference');

  await app.segment(phantom('dermoscopy', 5, 320, 240).file);
  assert.equal(await app.page.getByRole('radio', { name: 'Difference' }).count(), 0);
  assert.equal(await app.page.getByRole('region', { name: 'Comparison' }).count(), 0);
  app.assertNoFaults();
});

test('a mask may follow its picture, and one that fits nothing is refused in a sentence', async (t) => {
  const app = await open(t);
  const { name, file, mask } = phantom('dermoscopy', 4, 320, 240);
  await app.segment(file);
  const named = (buffer) => ({ name: name.replace('.png', '_segmentation.png'), mimeType: 'image/png', buffer });
  await app.choose(named(file.buffer));
  await app.says(/not a mask/);
  await app.choose(named(phantom('dermoscopy', 4, 160, 120).mask));
  await app.says(/160×120 pixels and its image 320×240/);
  await app.choose(named(mask));
  await figure(app, 'Dice', 'Comparison');
  assert.ok(await app.image(name).isVisible());
  app.assertNoFaults();
});

test('on a laptop the figures of a large lesion fit the panel', async (t) => {
  const app = await open(t, { viewport: { width: 1280, height: 800 } });
  await app.segment(phantom('dermoscopy', 5, 2400, 1800).file);
  await figure(app, 'Area');
  const wider = () => {
    const panel = document.querySelector('.panel-scroll');
    return panel.scrollWidth - panel.clientWidth;
  };
  assert.equal(await app.page.evaluate(wider), 0);
});

test('on a phone everything is there and nothing is wider than the screen', async (t) => {
  const app = await open(t, { viewport: { width: 390, height: 844 }, hasTouch: true });
  await app.segment(picture.file);
  await app.page.getByRole('button', { name: 'All controls' }).click();
  await figure(app, 'Area');
  await app.page.getByRole('button', { name: 'Set scale', exact: true }).click();
  await app.page.getByRole('spinbutton', { name: 'Length in mm', exact: true }).scrollIntoViewIfNeeded();
  const width = await app.page.evaluate(() => {
    const panel = document.querySelector('[aria-label="Measurements"]');
    return Math.max(document.documentElement.scrollWidth, panel.getBoundingClientRect().left + panel.scrollWidth);
  });
  assert.ok(width <= 390, `${width}`);
});

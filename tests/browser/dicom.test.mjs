// DICOM in the page: the decoder comes when the first such file does, frames and windows can be chosen, the scale is said.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { dicom } from './dicom.mjs';
import { phantom } from './pictures.mjs';
import { grey } from './png.mjs';
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

const picture = phantom('ultrasound', 5, 320, 240);
const { values } = grey(picture.file.buffer);
const [width, height] = [320, 240];
/** The picture moved to the right. */
const moved = (by) => values.map((_, at) => values[at - (at % width) + Math.max((at % width) - by, 0)]);

test('a DICOM of several frames opens with its scale, and each frame gets its own border', async (t) => {
  const app = await openWindow(t, browser, server.origin);
  const fetched = [];
  app.page.on('request', (request) => fetched.push(request.url()));
  await app.open();
  await app.segment(picture.file);
  assert.ok(!fetched.some((url) => url.includes('decoder')), 'nobody else pays for the decoder');
  const file = dicom('IM000001', { width, height, frames: [values, moved(20), moved(40)], spacing: [0.2, 0.2] });
  await app.segment(file);
  const { text, width: across, height: down } = await app.described();
  assert.deepEqual([across, down], [width, height]);
  assert.match(text, /0\.2 mm per pixel/);
  const first = (await app.savedMask()).bytes;

  const frame = app.page.getByRole('slider', { name: 'Frame', exact: true });
  assert.equal(await frame.getAttribute('max'), '3');
  await frame.fill('3');
  await until(async () => /^3 of 3/.test(await frame.getAttribute('aria-valuetext')), 'the third frame');
  await app.done(file.name);
  await app.area();
  const third = (await app.savedMask()).bytes;
  assert.notDeepEqual(third, first, 'the border is that of the third frame');
  await frame.fill('1');
  await app.done(file.name);
  await app.area();
  assert.deepEqual((await app.savedMask()).bytes, first);

  await app.page.getByRole('button', { name: 'Play', exact: true }).click();
  await app.says(/Playing/);
  await app.page.getByRole('button', { name: 'Play', exact: true }).click();
  await app.done(file.name);
  const about = await app.about();
  assert.match(about, /DICOM, 320 × 240 pixels, 3 frames/);
  assert.doesNotMatch(await app.page.content(), /Secret/);
  app.assertNoFaults();
});

test('a file of 12 bits is seen through its own window until the person chooses another', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  const deep = Uint16Array.from(values, (value) => value * 4 + 1000);
  await app.segment(dicom('deep.dcm', { width, height, frames: [deep], window: [1510, 1020] }));
  const own = await app.area();
  assert.ok(own > 0);
  const centre = app.page.getByRole('slider', { name: 'Window centre', exact: true });
  const breadth = app.page.getByRole('slider', { name: 'Window width', exact: true });
  assert.equal(Number(await centre.inputValue()), 1510);
  assert.equal(Number(await breadth.inputValue()), 1020);
  await centre.fill('1960');
  await until(async () => Number(await centre.inputValue()) === 1960, 'the window');
  await app.done('deep.dcm');
  await app.page.getByRole('button', { name: 'Reset window' }).click();
  await app.done('deep.dcm');
  assert.equal(await app.area(), own);
  app.assertNoFaults();
});

test('a damaged DICOM is refused in a sentence and the next one opens', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  const whole = dicom('whole.dcm', { width, height, frames: [values] });
  await app.choose({ ...whole, name: 'cut.dcm', buffer: whole.buffer.subarray(0, 2000) });
  await app.says(/cut\.dcm/);
  await app.segment(whole);
  app.assertNoFaults();
});

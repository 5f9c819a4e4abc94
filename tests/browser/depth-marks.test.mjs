// Depth marks printed in an ultrasound picture: what is proposed by them, used and ignored.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { phantom } from './pictures.mjs';
import { encode, grey } from './png.mjs';
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

/** An ultrasound phantom of 400 by 320 pixels with twelve dots at its left side, 26 pixels apart. */
function marked(seed) {
  const { name, file } = phantom('ultrasound', seed, 400, 320);
  const { width, height, values } = grey(file.buffer);
  for (let dot = 0; dot < 12; dot += 1) {
    for (let row = 0; row < 3; row += 1) values.fill(240, (10 + 26 * dot + row) * width + 12, (10 + 26 * dot + row) * width + 15);
  }
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, index) => values[Math.floor(index / 3)]);
  return { name, file: { ...file, buffer: encode(width, height, rgb) } };
}

test('depth marks become the scale once the person says how far they are apart, and that can be undone', async (t) => {
  const app = await open(t);
  await app.segment(marked(5).file);
  const region = app.page.getByRole('region', { name: 'Measurements' });
  await region.getByText(/12 depth marks were found at the left, 26\.0 pixels apart/).waitFor();
  assert.match(await region.innerText(), /No scale is known/);

  const use = app.page.getByRole('button', { name: 'Use depth marks', exact: true });
  await use.focus();
  await app.page.keyboard.press('Enter');
  const length = app.page.getByRole('spinbutton', { name: 'Length in mm', exact: true });
  await until(() => length.evaluate((field) => field === document.activeElement), 'the focus in the field of the length');
  assert.equal(await length.inputValue(), '');
  await app.page.keyboard.type('5');
  await app.page.keyboard.press('Enter');
  await region.getByText(/0\.192 mm per pixel \(set by hand\)/).waitFor();
  assert.equal(await use.count(), 0);

  await app.page.keyboard.press('Control+z');
  await use.waitFor();
  await region.getByText(/No scale is known/).waitFor();
  app.assertNoFaults();
});

test('depth marks that are ignored are not proposed again, and a picture without any gets no proposal', async (t) => {
  const app = await open(t);
  const { name, file } = marked(6);
  await app.segment(file);
  await app.page.getByRole('button', { name: 'Ignore depth marks', exact: true }).click();
  const use = app.page.getByRole('button', { name: 'Use depth marks', exact: true });
  await until(async () => (await use.count()) === 0, 'no proposal any more');
  await app.segment(phantom('ultrasound', 7, 400, 320).file);
  assert.equal(await use.count(), 0);
  await app.page.keyboard.press('p');
  await app.done(name);
  assert.equal(await use.count(), 0);
  app.assertNoFaults();
});

// A day of an annotator, in small: thirty pictures by keyboard alone, ten keys a picture, against the clock.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { phantom } from './pictures.mjs';
import { serve } from './server.mjs';

const PICTURES = 30;
/** Threshold, a stroke with the brush, back to moving, a flag, and accepted. */
const KEYS = ['.', 'b', 'ArrowRight', 'ArrowDown', 'Shift+ArrowRight', 'Shift+ArrowDown', ']', 'Escape', 'g', 'a'];

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('thirty pictures are corrected and accepted by keyboard in less than two seconds each', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  const files = Array.from({ length: PICTURES }, (_, number) => {
    const { file } = phantom('dermoscopy', 100 + number, 256, 192);
    return { ...file, name: `${number + 1}.png` };
  });
  await app.choose(...files);
  await app.done('1.png');
  const began = Date.now();
  for (let number = 1; number <= PICTURES; number += 1) {
    await app.done(`${number}.png`);
    for (const key of KEYS) await app.page.keyboard.press(key);
  }
  await app.says(/Every picture is decided: 30 accepted, 0 rejected/);
  const each = (Date.now() - began) / 1000 / PICTURES;
  t.diagnostic(`${each.toFixed(2)} s a picture`);
  assert.ok(each < 2, `${each} s a picture`);
  const options = app.page.getByRole('listbox', { name: 'Images' }).getByRole('option');
  await until(async () => (await options.first().getAttribute('aria-description'))?.includes('accepted, flagged'), 'the first row');
  app.assertNoFaults();
});

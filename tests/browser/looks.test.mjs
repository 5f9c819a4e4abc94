// Pictures of every state for a person to look at, in tests/browser/artifacts. They show made-up images only.
// Whether they are beautiful no test can say; whether anything sticks out of the window or overlaps, these can.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { launch, openWindow } from './chromium.mjs';
import { badFiles, phantom } from './pictures.mjs';
import { serve } from './server.mjs';

const artifacts = fileURLToPath(new URL('artifacts', import.meta.url));
const SIZES = [[390, 844], [1280, 800], [2560, 1440]];

let browser;
let server;
before(async () => {
  mkdirSync(artifacts, { recursive: true });
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const [width, height] of SIZES) {
  for (const colorScheme of ['light', 'dark']) {
    test(`at ${width}x${height} in ${colorScheme}, every state fits the window`, async (t) => {
      const options = { viewport: { width, height }, colorScheme, hasTouch: width < 600 };
      const app = await openWindow(t, browser, server.origin, options);
      const look = async (state) => {
        await app.page.waitForTimeout(400);
        await app.page.screenshot({ path: path.join(artifacts, `${width}x${height}-${colorScheme}-${state}.png`) });
        assert.deepEqual(await sticksOut(app.page), [], state);
      };
      await app.open();
      await look('empty');
      await app.choose(phantom('dermoscopy', 1, 1200, 900).file);
      await app.page.waitForTimeout(100);
      await app.page.screenshot({ path: path.join(artifacts, `${width}x${height}-${colorScheme}-busy.png`) });
      await app.done('phantom');
      await look('done');
      await app.segment(phantom('ultrasound', 1, 900, 1200).file);
      await look('done-upright');
      await app.moreExports.click();
      await look('exports');
      await app.page.keyboard.press('Escape');
      await app.page.getByRole('button', { name: 'About Delineo', exact: true }).click();
      await look('about');
      await app.page.keyboard.press('Escape');
      await app.page.keyboard.press('?');
      await look('shortcuts');
      await app.page.keyboard.press('Escape');
      await app.choose(badFiles()['a header that promises 65535 by 65535 pixels']);
      await app.alert.first().waitFor();
      await look('error');
    });
  }
}

/** Texts and controls that reach beyond the window, and a page that scrolls. */
function sticksOut(page) {
  return page.evaluate(() => {
    const found = [];
    const { scrollWidth, scrollHeight } = document.documentElement;
    if (scrollWidth > innerWidth) found.push(`the page is ${scrollWidth} wide`);
    if (scrollHeight > innerHeight) found.push(`the page is ${scrollHeight} high`);
    for (const element of document.querySelectorAll('button, label, h1, h2, p, [role=status]')) {
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      const isShown = box.width > 2 && box.height > 2 && style.visibility !== 'hidden' && style.opacity !== '0';
      const scrolls = element.closest('dialog, .panel-scroll, [class*=scroll], [class*=panel]');
      if (isShown && !scrolls && (box.left < -1 || box.right > innerWidth + 1)) {
        found.push(`${element.tagName} “${element.textContent.trim().slice(0, 40)}” from ${box.left} to ${box.right}`);
      }
    }
    return found;
  });
}

// For everybody: rules of WCAG 2.2 AA by axe-core in every state, and the whole job by keyboard alone.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { badFiles, phantom } from './pictures.mjs';
import { serve } from './server.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const SCREENS = {
  'a phone': { viewport: { width: 390, height: 844 }, hasTouch: true, deviceScaleFactor: 2 },
  'a desktop': { viewport: { width: 1280, height: 800 } },
};

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const picture = phantom('dermoscopy', 13, 240, 180);

/** The violations on the page as it is now, one line each. */
async function violations(app) {
  // Through the debugger: the page's own policy lets no foreign script in.
  await app.page.evaluate(axe);
  const { violations: found } = await app.page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), STANDARDS);
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary.replace(/\s+/g, ' ')}`));
}

for (const [screen, options] of Object.entries(SCREENS)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`on ${screen} in ${colorScheme}, every state passes the accessibility rules`, async (t) => {
      const app = await (await openWindow(t, browser, server.origin, { ...options, colorScheme, reducedMotion: 'reduce' })).open();
      const found = {};
      found.empty = await violations(app);
      await app.segment(picture.file);
      found.done = await violations(app);
      await app.page.keyboard.press('u');
      await app.page.getByRole('spinbutton', { name: 'Length in mm' }).waitFor();
      found.scale = await violations(app);
      await app.page.keyboard.press('Escape');
      await app.moreExports.click();
      found.menu = await violations(app);
      await app.page.keyboard.press('Escape');
      await app.page.getByRole('button', { name: 'About Delineo', exact: true }).click();
      await app.page.getByRole('dialog').waitFor();
      found.about = await violations(app);
      await app.page.keyboard.press('Escape');
      await app.page.keyboard.press('?');
      await app.page.getByRole('dialog').waitFor();
      found.shortcuts = await violations(app);
      await app.page.keyboard.press('Escape');
      await app.segment({ ...picture.file, name: 'second.png' });
      const list = app.page.getByRole('listbox', { name: 'Images' });
      const isOver = !(await list.isVisible());
      if (isOver) await app.page.getByRole('button', { name: /list of pictures/ }).click();
      await list.waitFor();
      found.list = await violations(app);
      if (isOver) await app.page.getByRole('button', { name: 'Hide the list' }).click();
      await app.choose(badFiles()['a truncated PNG']);
      await app.alert.first().waitFor();
      found.error = await violations(app);
      const all = Object.entries(found).flatMap(([state, list]) => list.map((line) => `${state}: ${line}`));
      assert.deepEqual(all, []);
    });
  }
}

test('the whole job can be done by keyboard alone', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  const { page } = app;
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), tabTo(page, 'Open image').then(() => page.keyboard.press('Enter'))]);
  await chooser.setFiles([picture.file]);
  await app.done(picture.file.name);
  await tabTo(page, 'Threshold');
  const before = Number(await app.threshold.inputValue());
  await page.keyboard.press('ArrowRight');
  assert.ok(Number(await app.threshold.inputValue()) > before);
  await tabTo(page, 'Export mask');
  const { name } = await app.saved(() => page.keyboard.press('Enter'));
  assert.match(name, /_mask\.png$/);
});

test('the focus can always be seen', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.segment(picture.file);
  await app.page.keyboard.press('Tab');
  const unseen = [];
  for (let step = 0; step < 40; step += 1) {
    const { name, ring } = await app.page.evaluate(() => {
      const element = document.activeElement;
      // A hidden input shows its focus on the label around it or the element after it.
      const bearers = [element, element.closest('label'), element.nextElementSibling].filter(Boolean);
      const shows = bearers.some((bearer) => {
        const style = getComputedStyle(bearer);
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
      });
      return { name: element.getAttribute('aria-label') ?? element.textContent.trim() ?? element.tagName, ring: shows || element === document.body };
    });
    if (!ring) unseen.push(name);
    await app.page.keyboard.press('Tab');
  }
  assert.deepEqual(unseen, []);
});

test('the picture has a text alternative that follows the mask', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.segment(picture.file);
  const { text, width, height } = await app.described();
  assert.ok(text.startsWith(picture.file.name));
  assert.deepEqual([width, height], [240, 180]);
  const before = await app.area();
  await app.setThreshold(0.01);
  assert.ok((await app.area()) >= before);
});

test('holding a key shows the plain image', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.segment(picture.file);
  // No notice comes or goes meanwhile.
  await app.page.getByText('Works offline').waitFor();
  await app.page.getByText('Ready to work offline').waitFor({ state: 'hidden' });
  // The picture without what floats over its lower edge: buttons are drawn a shade apart once they were pressed.
  const box = await app.image(picture.file.name).boundingBox();
  const look = () => app.page.screenshot({ clip: { ...box, height: 0.8 * box.height } });
  const withMask = await look();
  await app.page.keyboard.down('h');
  await app.page.waitForTimeout(200);
  const plain = await look();
  await app.page.keyboard.up('h');
  await app.page.waitForTimeout(200);
  assert.notDeepEqual(plain, withMask);
  assert.deepEqual(await look(), withMask);
});

test('“research use, not a medical device” is visible in every state', async (t) => {
  for (const options of Object.values(SCREENS)) {
    const app = await (await openWindow(t, browser, server.origin, options)).open();
    const words = app.page.getByText('Research use, not a medical device').first();
    assert.ok(await words.isVisible());
    await app.segment(picture.file);
    assert.ok(await words.isVisible());
  }
});

/** Presses Tab until the control of this name has the focus. */
async function tabTo(page, name) {
  for (let step = 0; step < 80; step += 1) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate((wanted) => {
      const element = document.activeElement;
      const label = element.labels?.[0]?.textContent?.trim();
      return element.getAttribute('aria-label') === wanted || label === wanted || element.textContent?.trim() === wanted;
    }, name);
    if (found) return;
  }
  throw new Error(`${name} cannot be reached with Tab`);
}

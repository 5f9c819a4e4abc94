// The tools that correct the mask, with a mouse, the keyboard and a finger. What they decide is tested natively; here that
// the page's parts are joined.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { phantom } from './pictures.mjs';
import { serve } from './server.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const picture = phantom('dermoscopy', 5, 320, 240);

const open = async (t, options) => {
  const app = await (await openWindow(t, browser, server.origin, options)).open();
  await app.segment(picture.file);
  return app;
};

/** Where a part of the picture is on the screen: 0 to 1 from its left and its top edge. */
async function place(app) {
  const box = await app.image('phantom').boundingBox();
  const scale = Math.min((box.width * 0.96) / 320, (box.height * 0.96) / 240);
  return (across, down) => [
    box.x + box.width / 2 + (across - 0.5) * 320 * scale,
    box.y + box.height / 2 + (down - 0.5) * 240 * scale,
  ];
}

async function drag(app, points) {
  const { mouse } = app.page;
  await mouse.move(...points[0]);
  await mouse.down();
  for (const point of points.slice(1)) await mouse.move(...point, { steps: 6 });
  await mouse.up();
}

const changed = (app, before) => until(async () => (await app.area()) !== before, 'another area');

test('a lasso adds a corner of the picture, and undo takes it back', async (t) => {
  const app = await open(t);
  const before = await app.area();
  const at = await place(app);
  await app.page.keyboard.press('2');
  await app.says(/Lasso/);
  await drag(app, [at(0.02, 0.02), at(0.2, 0.02), at(0.2, 0.2), at(0.02, 0.2)]);
  await changed(app, before);
  // 18 % of either side.
  const added = (await app.area()) - before;
  assert.ok(Math.abs(added - 0.18 * 320 * 0.18 * 240) < 120, `${added} pixels were added`);
  await app.page.keyboard.press('Control+z');
  await until(async () => (await app.area()) === before, 'the area as it was');
  app.assertNoFaults();
});

test('a polygon is clicked and closed by Enter, by a double click, and abandoned by Escape', async (t) => {
  const app = await open(t);
  const before = await app.area();
  const at = await place(app);
  const corners = [at(0.02, 0.02), at(0.2, 0.02), at(0.1, 0.2)];
  await app.page.keyboard.press('2');
  for (const corner of corners) await app.page.mouse.click(...corner);
  await app.page.keyboard.press('Escape');
  assert.equal(await app.area(), before);
  for (const corner of corners) await app.page.mouse.click(...corner);
  await app.page.keyboard.press('Enter');
  await changed(app, before);
  const once = await app.area();
  // The question whether work is kept is on the screen now, and the picture is where it was.
  await app.page.getByRole('group', { name: 'Question about your work' }).waitFor();
  await app.page.keyboard.press('Control+z');
  await until(async () => (await app.area()) === before, 'the area as it was');
  for (const corner of corners.slice(0, 2)) await app.page.mouse.click(...corner);
  await app.page.mouse.dblclick(...corners[2]);
  await changed(app, before);
  assert.equal(await app.area(), once);
  app.assertNoFaults();
});

test('an island that was drawn is dropped, and comes back by undo', async (t) => {
  const app = await open(t);
  const before = await app.area();
  const at = await place(app);
  await app.page.getByRole('radio', { name: 'Add', exact: true }).check({ force: true });
  await app.page.mouse.click(...at(0.06, 0.06));
  await changed(app, before);
  await app.page.getByRole('group', { name: 'Question about your work' }).waitFor();
  await app.page.getByRole('radio', { name: 'Drop region', exact: true }).check({ force: true });
  await app.page.mouse.click(...at(0.06, 0.06));
  await until(async () => (await app.area()) === before, 'the island is gone');
  await app.page.keyboard.press('Control+z');
  await changed(app, before);
  app.assertNoFaults();
});

test('a threshold box has a threshold of its own', async (t) => {
  const app = await open(t);
  const at = await place(app);
  await app.page.keyboard.press('6');
  await drag(app, [at(0.1, 0.1), at(0.9, 0.9)]);
  const own = app.page.getByRole('slider', { name: 'Threshold in the box' });
  await own.waitFor();
  await own.fill('0.01');
  await until(async () => (await own.getAttribute('aria-valuetext')) === '0.01', 'its value');
  const low = await app.area();
  await own.fill('0.99');
  await until(async () => (await app.area()) < low, 'a smaller mask');
  app.assertNoFaults();
});

test('the threshold is undone, and the size of islands is a control', async (t) => {
  const app = await open(t);
  const before = await app.threshold.inputValue();
  await app.setThreshold(0.9);
  await app.page.getByRole('button', { name: 'Undo', exact: true }).first().click();
  await until(async () => (await app.threshold.inputValue()) === before, 'the threshold as it was');
  const islands = app.page.getByRole('checkbox', { name: 'Remove small islands' });
  assert.ok(await islands.isChecked());
  assert.match(await app.page.getByRole('slider', { name: 'Islands', exact: true }).getAttribute('aria-valuetext'), /0\.05 % of the picture/);
  app.assertNoFaults();
});

test('the wheel with Alt changes the brush, whose size is in pixels of the picture', async (t) => {
  const app = await open(t);
  const at = await place(app);
  await app.page.keyboard.press('b');
  await app.page.mouse.move(...at(0.5, 0.5));
  const size = async () => Number.parseFloat(await app.page.getByRole('slider', { name: 'Brush size' }).getAttribute('aria-valuetext'));
  const before = await size();
  await app.page.keyboard.down('Alt');
  await app.page.mouse.wheel(0, -200);
  await app.page.keyboard.up('Alt');
  await until(async () => (await size()) > before, 'a larger brush');
  app.assertNoFaults();
});

test('on a phone the tools stand between picture and sheet, and each is large enough for a finger', async (t) => {
  const app = await open(t, PHONE);
  const tools = app.page.getByRole('region', { name: 'Tools' });
  const image = await app.image('phantom').boundingBox();
  for (const name of ['Move', 'Add', 'Erase', 'Undo']) {
    const box = await tools.getByRole('button', { name, exact: true }).boundingBox();
    assert.ok(box.width >= 44 && box.height >= 44, `${name} is ${box.width} by ${box.height}`);
    assert.ok(box.y >= image.y + image.height - 1, `${name} is below the picture`);
  }
  await tools.getByRole('button', { name: 'Add', exact: true }).tap();
  assert.equal(await tools.getByRole('button', { name: 'Add', exact: true }).getAttribute('aria-pressed'), 'true');
  app.assertNoFaults();
});

test('on a phone a swipe over the sheet changes no slider', async (t) => {
  const app = await open(t, PHONE);
  const before = await app.threshold.inputValue();
  const box = await app.threshold.boundingBox();
  const session = await app.page.context().newCDPSession(app.page);
  const touch = (type, x, y) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
  // On the track, away from the knob.
  const x = box.x + box.width * 0.9;
  await touch('touchStart', x, box.y + box.height / 2);
  for (let step = 1; step <= 8; step += 1) await touch('touchMove', x, box.y + box.height / 2 - step * 10);
  await touch('touchEnd');
  await app.page.waitForTimeout(300);
  assert.equal(await app.threshold.inputValue(), before);
  app.assertNoFaults();
});

test('at 390 pixels the status is one line', async (t) => {
  const app = await open(t, PHONE);
  const [height, size] = await app.status.evaluate((status) => [status.getBoundingClientRect().height, parseFloat(getComputedStyle(status).fontSize)]);
  assert.ok(height < 2 * size, `${height} pixels are more than a line of ${size}-pixel letters`);
  app.assertNoFaults();
});

test('a notice covers neither the picture nor a menu', async (t) => {
  for (const options of [{}, PHONE]) {
    const app = await open(t, options);
    await app.choose({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no image') });
    await app.alert.first().waitFor();
    const notice = await app.alert.first().boundingBox();
    const image = await app.image('phantom').boundingBox();
    assert.ok(notice.y >= image.y + image.height - 1, `the notice begins at ${notice.y}, the picture ends at ${image.y + image.height}`);
    assert.equal(await app.alert.count(), 1);
  }
});

// The session on this device: nothing before the person agrees, everything after a reload or a crash, nothing after the
// delete button. What is decided is proved natively (`keeping_scenarios.rs`, `power_cuts.rs`); here is the real disk.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { Delineo, until } from './delineo.mjs';
import { phantom } from './pictures.mjs';
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

const picture = phantom('dermoscopy', 21, 240, 180);
const other = phantom('dermoscopy', 22, 240, 180);

const open = async (t) => (await openWindow(t, browser, server.origin)).open();

/** Another tab of the same profile. */
async function anotherTab(app) {
  const tab = new Delineo(await app.page.context().newPage(), server.origin);
  return tab.open();
}

/** Draws with the brush across the middle of the stage. */
async function draw(app, down = 0) {
  await app.page.keyboard.press('b');
  const box = await app.page.getByRole('img', { name: / by \d+ pixels/ }).boundingBox();
  const [x, y] = [box.x + box.width * 0.35, box.y + box.height * 0.3 + down];
  await app.page.mouse.move(x, y);
  await app.page.mouse.down();
  await app.page.mouse.move(x + 60, y + 8, { steps: 6 });
  await app.page.mouse.up();
}

const session = (app) => app.page.getByRole('region', { name: 'Session' });
const keep = (app) => session(app).getByRole('checkbox', { name: 'Keep this work on this device' });
const undo = (app) => app.page.getByRole('button', { name: 'Undo', exact: true }).first();

/** Every file of the origin private file system with its size. */
const disk = (app) =>
  app.page.evaluate(async () => {
    const files = {};
    const walk = async (folder, path) => {
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === 'directory') await walk(handle, `${path}${name}/`);
        else files[path + name] = (await handle.getFile()).size;
      }
    };
    await walk(await navigator.storage.getDirectory(), '');
    return files;
  });

/** How many pictures the session has on the disk, and how many copies of probability maps (`crate/src/map_copy.rs`). */
const copies = (app) =>
  app.page.evaluate(async () => {
    const found = { pictures: 0, maps: 0 };
    const session = await (await navigator.storage.getDirectory()).getDirectoryHandle('session');
    for await (const handle of (await session.getDirectoryHandle('files')).values()) {
      // A map may be replaced meanwhile.
      const head = await handle.getFile().then((file) => file.slice(0, 200).text(), () => '');
      if (head !== '') found[head.includes('Delineo probability maps') ? 'maps' : 'pictures'] += 1;
    }
    return found;
  });

/** Waits until one picture, or so many, and all that was done are on the disk. */
async function kept(app, count = 1) {
  await session(app).getByText(new RegExp(`Kept on this device: ${count} picture`)).waitFor();
  await until(async () => (await copies(app)).pictures === count, 'the copies');
  // The browser asks before a page is closed whose work is not on the disk yet.
  await until(() => app.page.evaluate(() => {
    const event = new Event('beforeunload', { cancelable: true });
    return dispatchEvent(event);
  }), 'all work on the disk');
}

test('nothing is written before the person agrees, and the question comes once', async (t) => {
  const app = await open(t);
  await app.segment(picture.file);
  await draw(app);
  const question = app.page.getByText('Keep this work on this device until you delete it?');
  await question.waitFor();
  assert.deepEqual(await disk(app), {});
  await app.page.getByRole('button', { name: 'Do not keep' }).click();
  await question.waitFor({ state: 'detached' });
  await draw(app, 20);
  assert.equal(await question.count(), 0);
  assert.deepEqual(await disk(app), {});
  app.assertNoFaults();
});

test('a stroke is there after a reload, and can be undone', async (t) => {
  const app = await open(t);
  await app.segment(picture.file);
  const before = await app.area();
  await draw(app);
  const drawn = await app.area();
  assert.notEqual(drawn, before);
  await app.page.getByRole('button', { name: 'Keep', exact: true }).click();
  await kept(app);
  await app.page.reload();
  await app.done(picture.file.name);
  assert.equal(await app.area(), drawn);
  await undo(app).click();
  assert.equal(await app.area(), before);
  app.assertNoFaults();
});

test('a second tab shows the work and cannot change it; when the first is closed it can', async (t) => {
  const first = await open(t);
  await first.segment(picture.file);
  await draw(first);
  await first.page.getByRole('button', { name: 'Keep', exact: true }).click();
  await kept(first);
  const drawn = await first.area();
  const second = await anotherTab(first);
  await second.done(picture.file.name);
  await second.page.getByText('Your work is open in another tab').first().waitFor();
  await second.page.keyboard.press('Control+z');
  await second.page.getByText('Nothing was changed').waitFor();
  assert.equal(await second.area(), drawn);
  await first.page.close();
  await second.page.getByText('You can go on here').waitFor();
  await second.done(picture.file.name);
  await undo(second).click();
  assert.notEqual(await second.area(), drawn);
});

test('deleting leaves no byte on the device', async (t) => {
  const app = await open(t);
  await app.segment(picture.file);
  await keep(app).check();
  await kept(app);
  await app.choose(other.file);
  await app.done(other.file.name);
  await kept(app, 2);
  await app.page.reload();
  await kept(app, 2);
  await session(app).getByRole('button', { name: 'Delete from this device' }).click();
  await app.page.getByText('Deleted from this device: 2 pictures').waitFor();
  assert.deepEqual(await disk(app), {});
  assert.deepEqual(await app.page.evaluate(async () => {
    const names = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
    return names;
  }), []);
  await app.page.reload();
  assert.equal(await app.image(picture.file.name).count(), 0);
});

test('a picture comes back with the border that was left, without the network', async (t) => {
  const app = await open(t);
  await app.segment(picture.file);
  await keep(app).check();
  await kept(app);
  await until(async () => (await copies(app)).maps === 1, 'the map');
  await kept(app);
  const area = await app.area();
  await app.page.reload();
  await app.page.getByText('Border found before').waitFor();
  assert.equal(await app.area(), area);
});

test('a renderer that is killed at a random moment loses at most the stroke that is drawn', async (t) => {
  const window = await openWindow(t, browser, server.origin);
  const context = window.page.context();
  let app = await window.open();
  await app.segment(picture.file);
  await keep(app).check();
  await kept(app);
  let strokes = 0;
  for (let round = 0; round < 5; round += 1) {
    for (let stroke = 0; stroke < 3; stroke += 1) {
      await draw(app, (strokes % 12) * 8);
      strokes += 1;
    }
    await app.page.waitForTimeout(Math.random() * 60);
    const cdp = await context.newCDPSession(app.page);
    const crashed = app.page.waitForEvent('crash');
    cdp.send('Page.crash').catch(() => {});
    await crashed;
    await app.page.close();
    app = await new Delineo(await context.newPage(), server.origin).open();
    await app.done(picture.file.name);
    // As many steps can be undone as strokes were finished, but for the last one.
    let undone = 0;
    while (await undo(app).isEnabled()) {
      await undo(app).click();
      undone += 1;
    }
    t.diagnostic(`round ${round}: ${undone} of ${strokes} strokes`);
    assert.ok(undone >= strokes - 1, `${undone} of ${strokes} strokes`);
    for (let step = 0; step < undone; step += 1) await app.page.keyboard.press('Control+Shift+z');
    strokes = undone;
    await kept(app);
  }
});

test('a store that is killed is started again and gets what it missed', async (t) => {
  const app = await open(t);
  const workers = [];
  app.page.on('worker', (worker) => workers.push(worker));
  await app.segment(picture.file);
  await keep(app).check();
  await kept(app);
  const store = workers.find((worker) => /store/.test(worker.url()));
  await store.evaluate(() => close());
  await draw(app);
  const drawn = await app.area();
  await kept(app);
  await app.page.reload();
  await app.done(picture.file.name);
  assert.equal(await app.area(), drawn);
});

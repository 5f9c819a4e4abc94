// Archives like folders, and work that goes on from what Delineo or another program wrote.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { phantom } from './pictures.mjs';
import { grey } from './png.mjs';
import { serve } from './server.mjs';
import { zip } from './zip.mjs';

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const picture = phantom('dermoscopy', 15, 320, 240);
const { buffer } = picture.file;

const open = async (t) => (await openWindow(t, browser, server.origin)).open();
const archive = (name, bytes) => ({ name, mimeType: 'application/zip', buffer: bytes });
const image = (name) => ({ name, mimeType: 'image/png', buffer });
const list = (app) => app.page.getByRole('listbox', { name: 'Images' });
const option = (app, name) => list(app).getByRole('option', { name, exact: true });
const names = (app) => list(app).getByRole('option').evaluateAll((options) => options
  .sort((one, other) => one.ariaPosInSet - other.ariaPosInSet)
  .map((element) => element.querySelector('.image-text .ellipsis').textContent));

test('an archive is opened like a folder, with the masks in it', async (t) => {
  const app = await open(t);
  const scans = zip({
    'left/10.png': buffer,
    'left/9.png': buffer,
    'left/deep/images/1.png': buffer,
    'left/deep/masks/1.png': picture.mask,
    '__MACOSX/left/._9.png': Buffer.from([0, 5, 0x16, 7]),
    'left/.DS_Store': 'x',
    'notes.txt': 'what was seen',
  });
  await app.choose(archive('scans.zip', scans));
  await app.done('9.png');
  await until(async () => (await names(app)).length === 3, 'three pictures');
  assert.deepEqual(await names(app), ['9.png', '10.png', '1.png']);
  assert.match(await option(app, '1.png').getAttribute('aria-description'), /scans\/left\/deep\/images/);
  await app.says(/1 file was passed over/);
  await option(app, '1.png').click();
  await app.done('1.png');
  await app.page.getByText('Dice').first().waitFor();
  const saved = await app.savedMask();
  assert.deepEqual([grey(saved.bytes).width, grey(saved.bytes).height], [320, 240]);
  app.assertNoFaults();
});

test('a damaged archive is refused in a sentence and the page goes on', async (t) => {
  const app = await open(t);
  const bytes = zip({ '1.png': buffer });
  await app.choose(archive('cut.zip', bytes.subarray(0, bytes.length / 2)));
  await app.says(/cut\.zip: The ZIP archive cannot be used/);
  await app.choose(archive('whole.zip', bytes));
  await app.done('1.png');
});

test('what was exported comes back with its pictures: the corrected mask and the decision', async (t) => {
  const first = await open(t);
  await first.choose(image('1.png'), image('2.png'));
  await first.done('1.png');
  const before = await first.area();
  const box = await first.image('1.png').boundingBox();
  const scale = Math.min((box.width * 0.96) / 320, (box.height * 0.96) / 240);
  const at = (across, down) => [
    box.x + box.width / 2 + (across - 0.5) * 320 * scale,
    box.y + box.height / 2 + (down - 0.5) * 240 * scale,
  ];
  await first.page.keyboard.press('2');
  await first.says(/Lasso/);
  const { mouse } = first.page;
  await mouse.move(...at(0.02, 0.02));
  await mouse.down();
  for (const corner of [[0.2, 0.02], [0.2, 0.2], [0.02, 0.2]]) await mouse.move(...at(...corner), { steps: 6 });
  await mouse.up();
  await until(async () => (await first.area()) !== before, 'another area');
  const corrected = await first.savedMask();
  await first.page.keyboard.press('a');
  await first.done('2.png');
  const exported = await first.saved(() => first.page.keyboard.press('y'));
  assert.equal(exported.name, 'delineo-export.zip');

  const second = await open(t);
  await second.choose(archive(exported.name, exported.bytes), image('1.png'), image('2.png'));
  await second.done('1.png');
  await second.says(/One mask is back, to go on with\. One decision is back/);
  assert.deepEqual(await names(second), ['1.png', '2.png']);
  assert.match(await option(second, '1.png').getAttribute('aria-description'), /accepted/);
  const area = grey(corrected.bytes).values.filter((value) => value === 255).length;
  await until(async () => (await second.area()) === area, 'the corrected mask');
  const again = await second.savedMask();
  assert.deepEqual(grey(again.bytes).values, grey(corrected.bytes).values);
  // It can be exported again from another picture.
  await option(second, '2.png').click();
  await second.done('2.png');
  const next = await second.saved(() => second.page.keyboard.press('y'));
  assert.equal(next.name, 'delineo-export.zip');
  assert.ok(!(await second.said()).some((text) => /could not be exported/.test(text)));
  second.assertNoFaults();
});

test('a COCO file with its picture is compared with the mask and corrected', async (t) => {
  const app = await open(t);
  const coco = {
    images: [{ id: 1, file_name: 'somewhere/1.png', width: 320, height: 240 }, { id: 2, file_name: 'other.png', width: 320, height: 240 }],
    annotations: [1, 2].map((id) => ({ id, image_id: id, category_id: 1, segmentation: [[50, 40, 150, 40, 150, 120, 50, 120]], iscrowd: 0 })),
    categories: [{ id: 1, name: 'lesion' }],
  };
  const file = { name: 'coco.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(coco)) };
  await app.choose(image('1.png'), file);
  await app.done('1.png');
  await app.says(/“coco\.json”: One mask is taken for the true mask of its picture.*One picture that is named there is not open/);
  await app.page.getByText('Dice').first().waitFor();
  await app.page.getByRole('button', { name: 'Start from this mask', exact: true }).click();
  await until(async () => (await app.area()) === 100 * 80, 'the mask of the file');
  app.assertNoFaults();
});

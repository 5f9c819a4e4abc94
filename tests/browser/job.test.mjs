// The whole job: open an image, see the border, move it, save the mask.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { cases, hasRealImages, jpegTurned, phantom } from './pictures.mjs';
import { chunks, grey, header, iou } from './png.mjs';
import { serve } from './server.mjs';

/** The issue asks for it of real images; phantoms only look like them. */
const LEAST_MEAN_IOU = 0.5;

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const open = async (t, query) => (await openWindow(t, browser, server.origin)).open(query);

test(`on the CPU, the saved masks of ${hasRealImages ? 'all real images' : 'the phantoms'} overlap the true ones`, async (t) => {
  const app = await open(t, '?device=cpu');
  const scores = [];
  for (const { name, modality, file, mask } of cases()) {
    await app.segment(file, name);
    const saved = await app.savedMask();
    assert.equal(saved.name, name.replace(/\.\w+$/, '_mask.png'));
    scores.push({ name, modality, iou: iou(grey(saved.bytes), grey(mask)) });
    t.diagnostic(`${name}: IoU ${scores.at(-1).iou.toFixed(3)}`);
  }
  const mean = (list) => list.reduce((sum, score) => sum + score.iou, 0) / list.length;
  for (const modality of new Set(scores.map((score) => score.modality))) {
    t.diagnostic(`${modality}: mean IoU ${mean(scores.filter((score) => score.modality === modality)).toFixed(3)}`);
  }
  assert.ok(mean(scores) >= LEAST_MEAN_IOU, `mean IoU ${mean(scores)}`);
  app.assertNoFaults();
});

test('on WebGPU, the same image gives the same mask as on the CPU', async (t) => {
  const withGpu = await launch({ gpu: true });
  t.after(() => withGpu.close());
  const [{ name, file, mask }] = cases();
  const masks = {};
  for (const [device, host, query] of [['GPU', withGpu, '?device=gpu'], ['CPU', browser, '?device=cpu']]) {
    const app = await (await openWindow(t, host, server.origin)).open(query);
    if (host === withGpu) await app.onGpu();
    await app.segment(file, name);
    assert.match(await app.about(), new RegExp(`Runs on the ${device}`));
    masks[device] = grey((await app.savedMask()).bytes);
    app.assertNoFaults();
  }
  const different = masks.GPU.values.filter((value, index) => value !== masks.CPU.values[index]).length;
  const part = different / masks.CPU.values.length;
  t.diagnostic(`${different} of ${masks.CPU.values.length} pixels differ; IoU with the true mask ${iou(masks.GPU, grey(mask)).toFixed(3)}`);
  // The design allows 0.01 % between a device and PyTorch, so twice that between two devices.
  assert.ok(part <= 2e-4, `${part}`);
});

test('a saved mask is 8-bit grey, 0 or 255, of the image’s own size, with nothing of the source inside', async (t) => {
  const app = await open(t);
  const { file, name } = phantom('dermoscopy', 2, 517, 389);
  await app.segment(await jpegTurned(await app.page.context().newPage(), file, 1), 'turned_1.jpg');
  const { bytes } = await app.savedMask();
  assert.deepEqual(header(bytes), { width: 517, height: 389, depth: 8, colour: 0 });
  assert.deepEqual([...new Set(grey(bytes).values)].sort((a, b) => a - b), [0, 255]);
  assert.deepEqual([...new Set(chunks(bytes))], ['IHDR', 'IDAT', 'IEND']);
  assert.ok(name);
});

test('overlay and probability map are saved at the image’s own size', async (t) => {
  const app = await open(t);
  const { file } = phantom('ultrasound', 3, 400, 300);
  await app.segment(file);
  const overlay = await app.savedFromMenu('Overlay, PNG');
  assert.equal(overlay.name, 'phantom_ultrasound_3_overlay.png');
  assert.deepEqual([header(overlay.bytes).width, header(overlay.bytes).height, header(overlay.bytes).depth], [400, 300, 8]);
  const map = await app.savedFromMenu('Probability map');
  assert.equal(map.name, 'phantom_ultrasound_3_probability.png');
  assert.deepEqual(header(map.bytes), { width: 400, height: 300, depth: 16, colour: 0 });
  assert.deepEqual([...new Set(chunks(map.bytes))], ['IHDR', 'IDAT', 'IEND']);
  // Threshold and mask agree: what is above one half in the map is what the mask shows at 0.5.
  await app.setThreshold(0.5);
  const inMap = grey(map.bytes).values.filter((value) => value >= 128).length;
  assert.ok(Math.abs(inMap - (await app.area())) <= 0.002 * 400 * 300, `${inMap} and ${await app.area()}`);
});

test('a higher threshold never makes the mask larger, and the picture follows', async (t) => {
  const app = await open(t);
  await app.segment(phantom('dermoscopy', 1).file);
  const areas = [];
  const pictures = new Set();
  for (const value of [0.01, 0.25, 0.5, 0.75, 0.99]) {
    await app.setThreshold(value);
    areas.push(await app.area());
    pictures.add((await app.image('phantom').screenshot()).toString('base64'));
  }
  t.diagnostic(`areas ${areas.join(', ')}`);
  assert.deepEqual(areas, [...areas].sort((a, b) => b - a));
  assert.ok(areas[0] > areas.at(-1));
  assert.ok(pictures.size >= 3, `${pictures.size} different pictures`);
});

test('flipped views are averaged when the person wants it, and again on the next visit', async (t) => {
  const app = await open(t);
  const { file, name, mask } = phantom('dermoscopy', 6);
  await app.segment(file);
  const single = (await app.savedFromMenu('Probability map')).bytes;
  const average = app.page.getByRole('checkbox', { name: 'Average flipped views' });
  await average.check();
  await app.done(name);
  const averaged = (await app.savedFromMenu('Probability map')).bytes;
  assert.notDeepEqual(grey(averaged).values, grey(single).values);
  const overlap = iou(grey((await app.savedMask()).bytes), grey(mask));
  assert.ok(overlap >= 0.5, `${overlap}`);
  await app.page.reload();
  await app.segment(file);
  assert.ok(await average.isChecked());
  assert.deepEqual(grey((await app.savedFromMenu('Probability map')).bytes).values, grey(averaged).values);
  await average.uncheck();
  await app.done(name);
  assert.deepEqual(grey((await app.savedFromMenu('Probability map')).bytes).values, grey(single).values);
  app.assertNoFaults();
});

test('the area that the page says is the area of the saved mask', async (t) => {
  const app = await open(t);
  await app.segment(phantom('dermoscopy', 4, 640, 480).file);
  const said = await app.area();
  const counted = grey((await app.savedMask()).bytes).values.filter((value) => value === 255).length;
  assert.equal(said, counted);
});

test('a picture turned by any of the eight Exif orientations is shown and segmented upright', async (t) => {
  const app = await open(t);
  const { file, mask } = phantom('dermoscopy', 5, 320, 200);
  const workshop = await app.page.context().newPage();
  const masks = [];
  for (let orientation = 1; orientation <= 8; orientation += 1) {
    await app.segment(await jpegTurned(workshop, file, orientation));
    const described = await app.described();
    assert.deepEqual([described.width, described.height], [320, 200], `orientation ${orientation}`);
    masks.push(grey((await app.savedMask()).bytes));
  }
  for (const [index, turned] of masks.entries()) {
    const agreement = iou(turned, masks[0]);
    assert.ok(agreement > 0.95, `orientation ${index + 1} agrees with the upright one by ${agreement}`);
  }
  t.diagnostic(`IoU with the true mask ${iou(masks[0], grey(mask)).toFixed(3)}`);
});

test('a sample is synthetic, says so, and is segmented', async (t) => {
  const app = await open(t);
  for (const kind of ['dermoscopy', 'ultrasound']) {
    await app.page.getByRole('button', { name: 'Samples', exact: true }).click();
    await app.page.getByRole('button', { name: `Synthetic ${kind}` }).last().click();
    await app.done(`synthetic-${kind}`);
    assert.ok((await app.area()) > 0, kind);
  }
});

test('a hand correction changes the mask, can be undone, and is saved', async (t) => {
  const app = await open(t);
  await app.segment(phantom('ultrasound', 2).file);
  const before = await app.area();
  await app.page.keyboard.press('b');
  const stage = await app.image('phantom').boundingBox();
  await app.page.mouse.move(stage.x + stage.width * 0.35, stage.y + stage.height * 0.3);
  await app.page.mouse.down();
  await app.page.mouse.move(stage.x + stage.width * 0.4, stage.y + stage.height * 0.3, { steps: 8 });
  await app.page.mouse.up();
  const drawn = await until(async () => {
    const area = await app.area();
    return area > before && area;
  }, 'a larger mask');
  const saved = grey((await app.savedMask()).bytes).values.filter((value) => value === 255).length;
  assert.equal(saved, drawn);
  await app.page.keyboard.press('Control+z');
  await until(async () => (await app.area()) === before, 'the mask as before');
});

test('twenty files at once are taken in turn', async (t) => {
  const app = await open(t);
  const { buffer } = phantom('dermoscopy', 1, 96, 64).file;
  const names = Array.from({ length: 20 }, (_, index) => `picture-${String(index + 1).padStart(2, '0')}.png`);
  await app.choose(...names.map((name) => ({ name, mimeType: 'image/png', buffer })));
  await app.done(names[0]);
  for (const name of names.slice(1)) {
    await app.page.keyboard.press('n');
    await app.done(name);
  }
  assert.ok(await app.page.getByRole('button', { name: 'Next picture' }).isDisabled());
});

test('a dropped and a pasted file open like a chosen one', async (t) => {
  const app = await open(t);
  const { name, buffer } = phantom('dermoscopy', 6, 160, 120).file;
  const send = (type, fileName) => app.page.evaluate(([kind, called, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], called, { type: 'image/png' }));
    const event = kind === 'drop'
      ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
      : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
  }, [type, fileName, buffer.toString('base64')]);
  await send('drop', `dropped-${name}`);
  await app.done(`dropped-${name}`);
  await send('paste', `pasted-${name}`);
  await app.done(`pasted-${name}`);
});

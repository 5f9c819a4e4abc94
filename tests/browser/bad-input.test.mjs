// Bad input: each gets one plain sentence and leaves the app as it was.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { badFiles, phantom } from './pictures.mjs';
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

const good = phantom('dermoscopy', 7, 200, 150);

/** A window with a good image whose mask is known. */
async function atWork(t) {
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.segment(good.file);
  return app;
}

/** One alert, one or two plain sentences, no jargon of ours. */
async function assertOneSentence(t, app, what) {
  await app.alert.first().waitFor();
  const texts = await app.alert.allInnerTexts();
  assert.equal(texts.length, 1, `${what}: ${texts.join(' | ')}`);
  const text = texts[0].replace(/\s+/g, ' ').trim();
  t.diagnostic(text);
  assert.match(text, /[.!?]( |$)/, what);
  assert.ok(text.length < 260, `${what}: ${text}`);
  assert.doesNotMatch(text, /panick|unwrap|undefined|\[object|Error\(|Err\(|::|NaN/, what);
  return text;
}

for (const [what, file] of Object.entries(badFiles())) {
  test(`${what} is refused in one sentence and the open image stays`, async (t) => {
    const app = await atWork(t);
    const before = (await app.savedMask()).bytes;
    await app.choose(file);
    const text = await assertOneSentence(t, app, what);
    assert.ok(text.includes(file.name), `the sentence names the file: ${text}`);
    await app.done(good.file.name);
    assert.deepEqual((await app.savedMask()).bytes, before);
    await app.segment({ ...good.file, name: 'again.png' });
    assert.deepEqual(app.faults.filter((fault) => fault.startsWith('uncaught')), []);
  });
}

test('bad files among good ones are named and the good ones open', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  const [first, second] = Object.values(badFiles());
  await app.choose(first, good.file, second);
  await app.done(good.file.name);
});

test('a dropped folder is refused in one sentence', async (t) => {
  const app = await atWork(t);
  await app.page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['x'], 'scans'));
    // Only a real drag makes an entry of a folder, so the entry is played; everything behind it is the app's own.
    const entry = { isDirectory: true, isFile: false, name: 'scans' };
    DataTransferItem.prototype.webkitGetAsEntry = () => entry;
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  assert.match(await assertOneSentence(t, app, 'a folder'), /folder/i);
  await app.done(good.file.name);
});

test('weights that are no checkpoint are refused in one sentence and the model stays', async (t) => {
  const app = await atWork(t);
  const folder = mkdtempSync(path.join(tmpdir(), 'delineo-weights-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, bytes] of [
    ['noise.pth', Buffer.from('this is no pickle '.repeat(100))],
    ['noise.safetensors', Buffer.from('this is no header '.repeat(100))],
    ['empty.safetensors', Buffer.alloc(0)],
    ['other-network.safetensors', safetensors({ 'layer1.weight': [4, 4] })],
    ['wrong-shape.safetensors', safetensors({ 'stem.conv.0.weight': [7, 3, 3, 3] })],
  ]) {
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    await app.choose(file);
    await assertOneSentence(t, app, name);
    await app.page.getByRole('button', { name: 'Dismiss' }).first().click();
    // The next file's alert must not be taken for this one.
    await app.alert.waitFor({ state: 'detached' });
    await app.done(good.file.name);
  }
  assert.deepEqual(app.faults.filter((fault) => fault.startsWith('uncaught')), []);
});

test('published weights that were corrupted on the way are not used', async (t) => {
  const app = await openWindow(t, browser, server.origin, { serviceWorkers: 'block' });
  await app.page.route('**/weights.safetensors', async (route) => {
    const response = await route.fetch();
    const body = Buffer.from(await response.body());
    body[body.length - 1] ^= 1;
    await route.fulfill({ response, body });
  });
  await app.open();
  await assertOneSentence(t, app, 'corrupted weights');
  await app.choose(good.file);
  assert.ok(await app.exportMask.isDisabled());
  await app.page.unroute('**/weights.safetensors');
  await app.page.getByRole('button', { name: 'Try again' }).click();
  await app.done(good.file.name);
});

test('storage that is full is said when a model should be remembered', async (t) => {
  const app = await atWork(t);
  await app.page.evaluate(() => {
    Cache.prototype.put = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
  });
  await app.choose(await ownModel(app));
  await app.page.getByRole('button', { name: 'Remember on this device' }).first().click();
  assert.match(await assertOneSentence(t, app, 'full storage'), /room|storage|space/i);
});

/** The site's own weights as a person's file. */
async function ownModel(app) {
  const [id] = await (await fetch(`${server.origin}/models/index.json`)).json();
  const { weights } = await (await fetch(`${server.origin}/models/${id}/model.json`)).json();
  const buffer = Buffer.from(await (await fetch(`${server.origin}/models/${id}/${weights.file}`)).arrayBuffer());
  assert.ok(app);
  return { name: 'mine.safetensors', mimeType: 'application/octet-stream', buffer };
}

/** A well-formed file with zeros in the given shapes (safetensors format: header length, header, data). */
function safetensors(shapes) {
  let offset = 0;
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const size = 4 * shape.reduce((product, side) => product * side, 1);
    const entry = [name, { dtype: 'F32', shape, data_offsets: [offset, offset + size] }];
    offset += size;
    return entry;
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(offset)]);
}

// A person's own weights: dropped, run, remembered only on their word.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { phantom, reference } from './pictures.mjs';
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

const picture = phantom('dermoscopy', 8, 160, 120);
const hasReference = existsSync(reference);

/** The site's own weights under another name: a valid checkpoint wherever the tests run. */
async function checkpoint(name = 'mine.safetensors') {
  const [id] = await (await fetch(`${server.origin}/models/index.json`)).json();
  const { weights } = await (await fetch(`${server.origin}/models/${id}/model.json`)).json();
  const buffer = Buffer.from(await (await fetch(`${server.origin}/models/${id}/${weights.file}`)).arrayBuffer());
  return { name, mimeType: 'application/octet-stream', buffer };
}

for (const name of ['cmunext_s.pth', 'cmunext_s.safetensors', 'cmunext_s_3class.safetensors', 'cmunext_base.pth']) {
  test(`the authors’ ${name} runs`, { skip: !hasReference && 'the reference weights are not beside the checkout' }, async (t) => {
    const app = await (await openWindow(t, browser, server.origin)).open();
    await app.segment(picture.file);
    await app.choose(path.join(reference, name));
    await app.page.getByText(/Your own model .* runs/).waitFor({ timeout: 120_000 });
    await app.done(picture.file.name);
    const about = await app.about();
    assert.match(about, /Your own file/);
    assert.match(about, name.includes('base') ? /CMUNeXt-base/i : /CMUNeXt-S/);
    app.assertNoFaults();
  });
}

test('own weights are remembered only on the person’s word, and forgotten on it', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  const kept = () => app.page.evaluate(async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith('delineo-own-'));
    const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return keys.flat().length;
  });
  await app.segment(picture.file);
  await app.choose(await checkpoint());
  const remember = app.page.getByRole('button', { name: 'Remember on this device' }).first();
  await remember.waitFor();
  assert.equal(await kept(), 0);
  await remember.click();
  await app.page.getByText(/is remembered on this device/).waitFor();
  assert.ok((await kept()) > 0);

  await app.page.reload();
  await app.segment(picture.file);
  await app.page.getByLabel('Model', { exact: true }).selectOption({ label: 'mine.safetensors' });
  await app.page.getByText(/Your own model .* runs/).waitFor();
  await app.done(picture.file.name);
  await app.page.getByRole('button', { name: 'Forget on this device' }).click();
  await app.page.getByText(/no longer remembered/).waitFor();
  assert.equal(await kept(), 0);
});

/** The site's own `model.json` as a file, with something else in it. */
async function manifestWith(change) {
  const [id] = await (await fetch(`${server.origin}/models/index.json`)).json();
  const manifest = await (await fetch(`${server.origin}/models/${id}/model.json`)).json();
  const buffer = Buffer.from(JSON.stringify({ ...manifest, ...change(manifest) }));
  return { name: 'model.json', mimeType: 'application/json', buffer };
}

test('a model.json that comes with the weights says how they run', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.segment(picture.file);
  const named = await manifestWith(() => ({ name: 'The clinic’s own', threshold: 0.3 }));
  await app.choose(await checkpoint('weights.safetensors'), named);
  await app.page.getByText(/“The clinic’s own” runs/).waitFor();
  await app.done(picture.file.name);
  assert.equal(Number(await app.threshold.inputValue()), 0.3);
});

for (const [device, query] of [['CPU', '?device=cpu'], ['GPU', '?device=gpu']]) {
  test(`a model.json whose known answer is wrong is refused on the ${device}, and the model before goes on`, async (t) => {
    const own = device === 'GPU' ? await launch({ gpu: true }) : browser;
    if (own !== browser) t.after(() => own.close());
    const app = await (await openWindow(t, own, server.origin)).open(query);
    if (own !== browser) await app.onGpu();
    await app.segment(picture.file);
    const before = (await app.savedMask()).bytes;
    const wrong = await manifestWith(({ self_test: test }) => ({
      self_test: { ...test, logits: test.logits.map((logit) => -logit) },
    }));
    await app.choose(await checkpoint('weights.safetensors'), wrong);
    await app.says(/self-test/);
    assert.match((await app.said()).join(' '), new RegExp(`Runs on the ${device}`));
    await app.segment(phantom('dermoscopy', 9, 160, 120).file);
    await app.segment({ ...picture.file, name: 'again.png' });
    assert.deepEqual((await app.savedMask()).bytes, before);
  });
}

// Which device runs, why, and what happens when it or the engine goes away.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { until } from './delineo.mjs';
import { phantom } from './pictures.mjs';
import { grey } from './png.mjs';
import { changed, serve } from './server.mjs';

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const picture = phantom('dermoscopy', 11, 160, 120);

test('without a WebGPU adapter the CPU runs and the page says why', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open('');
  await app.segment(picture.file);
  const said = (await app.said()).join(' ');
  t.diagnostic(said);
  assert.match(said, /Runs on the CPU[^.]*: \S.*/);
  const engines = (await app.page.workers()).map((worker) => new URL(worker.url()).pathname);
  assert.ok(engines.length > 0 && engines.every((name) => name.includes('engine-cpu')), `the small engine runs: ${engines}`);
  app.assertNoFaults();
});

test('a browser without WebGPU at all gets the CPU and the reason', async (t) => {
  const app = await openWindow(t, browser, server.origin);
  // As in a browser of another make: the navigator has no such property.
  await app.page.addInitScript(() => delete Navigator.prototype.gpu);
  await app.open('');
  await app.segment(picture.file);
  const said = (await app.said()).join(' ');
  t.diagnostic(said);
  assert.match(said, /Runs on the CPU[^.]*: .*no WebGPU/);
});

for (const [what, kill] of [
  ['an uncaught error', () => setTimeout(() => { throw new Error('planted'); })],
  ['a sudden end', () => self.close()],
]) {
  test(`${what} of the engine’s worker costs neither the image nor the person’s edits`, async (t) => {
    const app = await (await openWindow(t, browser, server.origin)).open();
    await app.segment(picture.file);
    await app.setThreshold(0.35);
    await eraseDab(app);
    const before = (await app.savedMask()).bytes;
    await app.page.workers()[0].evaluate(kill).catch(() => {});
    await app.page.getByText(/started again/).waitFor();
    await app.done(picture.file.name);
    assert.equal(Number(await app.threshold.inputValue()), 0.35);
    assert.deepEqual((await app.savedMask()).bytes, before);
  });
}

test('after four ends the engine is left alone until the person asks, and the image is still there', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.segment(picture.file);
  const before = (await app.savedMask()).bytes;
  for (let end = 1; end <= 4; end += 1) {
    const worker = await until(() => app.page.workers()[0], 'a worker');
    await worker.evaluate(() => setTimeout(() => { throw new Error('planted'); })).catch(() => {});
    await until(() => !app.page.workers().includes(worker), 'the worker’s end');
    if (end < 4) await app.done(picture.file.name);
  }
  await app.alert.first().waitFor();
  assert.ok(await app.image(picture.file.name).isVisible());
  await app.page.getByRole('button', { name: 'Try again' }).click();
  await app.done(picture.file.name);
  assert.deepEqual((await app.savedMask()).bytes, before);
});

test('a GPU that is lost is replaced by the CPU, which goes on with the same image', async (t) => {
  const withGpu = await launch({ gpu: true });
  t.after(() => withGpu.close());
  const app = await (await (await openWindow(t, withGpu, server.origin)).open('?device=gpu')).onGpu();
  await app.segment(picture.file);
  assert.match((await app.said()).join(' '), /Runs on the GPU/);
  await app.setThreshold(0.4);
  const session = await withGpu.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess').catch(() => {});
  await until(async () => /Runs on the CPU/.test((await app.said()).join(' ')), 'the CPU', 120_000);
  t.diagnostic((await app.said()).join(' '));
  await app.done(picture.file.name);
  assert.equal(Number(await app.threshold.inputValue()), 0.4);
});

test('the CPU finds the first border while the GPU gets ready, which takes over with the next image', async (t) => {
  const withGpu = await launch({ gpu: true });
  t.after(() => withGpu.close());
  const app = await (await openWindow(t, withGpu, server.origin)).open('?device=gpu');
  await app.segment(picture.file);
  await app.says(/Runs on the CPU[^.]*: the GPU is getting ready/);
  await app.setThreshold(0.35);
  await eraseDab(app);
  const before = (await app.savedMask()).bytes;
  await app.says(/the GPU takes over with the next image/, 120_000);
  assert.deepEqual((await app.savedMask()).bytes, before, 'the image on the stage is left alone');

  await app.segment(phantom('dermoscopy', 12, 200, 150).file);
  assert.match((await app.said()).join(' '), /Runs on the GPU/);
  await until(() => app.page.workers().every((worker) => !/engine-cpu/.test(worker.url())), 'the end of the CPU’s engine');
  // Back at the first, which the GPU has not seen yet.
  await app.page.keyboard.press('PageUp');
  await app.done(picture.file.name);
  assert.equal(Number(await app.threshold.inputValue()), 0.35);
  const [first, again] = [before, (await app.savedMask()).bytes].map((bytes) => grey(bytes).values);
  const different = first.filter((value, index) => value !== again[index]).length;
  assert.ok(different <= 2e-4 * first.length, `${different} of ${first.length} pixels`);
  app.assertNoFaults();
});

test('a GPU that is slower than the CPU does not serve, and the next visit does not fetch its engine', async (t) => {
  const withGpu = await launch({ gpu: true });
  t.after(() => withGpu.close());
  const app = await openWindow(t, withGpu, server.origin);
  const fetched = [];
  app.page.context().on('request', (request) => fetched.push(new URL(request.url()).pathname));
  const gpuEngine = () => fetched.filter((name) => /\/engine[_-][^/]*wasm$/.test(name) && !name.includes('engine-cpu'));
  await app.open('');
  // The software adapter needs seconds for what the CPU does in a tenth of one.
  await app.says(/it is faster here than the GPU/, 240_000);
  t.diagnostic(await app.about());
  assert.match(await app.about(), /Measured on this device, a segmentation: .* on the GPU .*, .* on the CPU/);
  assert.ok(gpuEngine().length > 0, 'the pattern finds the engine for the GPU');
  fetched.length = 0;
  await app.page.reload();
  await app.segment(picture.file);
  await app.says(/it is faster here than the GPU/);
  assert.deepEqual(gpuEngine(), []);
  app.assertNoFaults();
});

test('a GPU that computes something else is found out by the self-test, and the CPU goes on', async (t) => {
  const withGpu = await launch({ gpu: true });
  t.after(() => withGpu.close());
  // A driver's fault: the larger of two numbers is the smaller one.
  const fault = `const make = GPUDevice.prototype.createShaderModule;
GPUDevice.prototype.createShaderModule = function (shader) {
  return make.call(this, { ...shader, code: shader.code.replaceAll('max(', 'min(') });
};
`;
  const edit = (name, text) => (name.startsWith('engine_loader') ? fault + text : text);
  const other = await serve(await changed(t, { edit }));
  t.after(() => other.stop());
  const app = await (await openWindow(t, withGpu, other.origin)).open('');
  // At once, while the test may still be going on.
  await app.segment(picture.file);
  t.diagnostic(await app.says(/Runs on the CPU[^.]*: the GPU failed its self-test/i, 120_000));
  const { bytes } = await app.savedMask();
  const healthy = await (await openWindow(t, browser, server.origin)).open();
  await healthy.segment(picture.file);
  assert.deepEqual(bytes, (await healthy.savedMask()).bytes);
});

test('the page answers within a frame or two while the engine works', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.segment(picture.file);
  await app.page.evaluate(() => {
    window.longest = 0;
    let last = performance.now();
    const tick = (now) => {
      window.longest = Math.max(window.longest, now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await app.segment({ ...phantom('dermoscopy', 12, 900, 700).file, name: 'second.png' });
  const longest = await app.page.evaluate(() => window.longest);
  t.diagnostic(`longest pause ${longest.toFixed(0)} ms`);
  // Page, worker and compositor share two cores here; a frozen page would pause for the whole inference.
  assert.ok(longest < 400, `${longest} ms`);
});

/** One dab of the eraser in the middle of the picture, where the lesion is, by keyboard. */
async function eraseDab(app) {
  const before = await app.area();
  await app.page.keyboard.press('e');
  await app.image(picture.file.name).focus();
  await app.page.keyboard.press('Enter');
  await until(async () => (await app.area()) < before, 'a smaller mask');
}

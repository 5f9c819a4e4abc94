// The network in Chromium, on both devices, against the command line, whose own parity with PyTorch the native tests
// prove. The image has the network's size, so that nothing is resampled on either side; the probability map that the
// page saves has 16 bits, which is told apart from the network's own difference below.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { phantom, reference } from './pictures.mjs';
import { deep } from './png.mjs';
import { changed, dist, hasThreads, serve } from './server.mjs';

const SIDE = 256;
/** From the design: largest difference of the logits as a part of their range. */
const ALLOWED = 1e-3;
/** One step of the saved map. */
const STEP = 1 / 65535;
/** One step of a probability in the page. */
const GRAIN = 1 / 32768;

const commandLine = process.env.DELINEO_CLI;

let server;
before(async () => {
  server = await serve();
});
after(() => server?.stop());

/** The weights that are compared: the random ones that carry signal through every layer, else the site's own. */
function weights() {
  const file = path.join(reference, 'cmunext_s.safetensors');
  if (existsSync(file)) return readFileSync(file);
  const [id] = JSON.parse(readFileSync(path.join(dist, 'models/index.json')));
  return readFileSync(path.join(dist, 'models', id, 'weights.safetensors'));
}

/** A model.json for these weights, with plain numbers so that both sides normalise alike. */
function manifest(bytes) {
  return {
    format: 1,
    id: 'parity',
    name: 'Parity',
    variant: 'S',
    input: { width: SIDE, height: SIDE, channels: 'rgb', resize: 'bilinear', mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    classes: ['lesion'],
    threshold: 0.5,
    weights: { file: 'weights.safetensors', bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
  };
}

/** What the network gets: channel after channel, `(v / 255 - 0.5) / 0.25`, as a NumPy file (format version 1.0). */
function input(rgba) {
  const values = new Float32Array(3 * SIDE * SIDE);
  for (let pixel = 0; pixel < SIDE * SIDE; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      values[channel * SIDE * SIDE + pixel] = (rgba[pixel * 4 + channel] / 255 - 0.5) / 0.25;
    }
  }
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, ${SIDE}, ${SIDE}), }`;
  const header = `${text.padEnd(128 - 10 - 1)}\n`;
  const start = Buffer.concat([Buffer.from([0x93]), Buffer.from('NUMPY'), Buffer.from([1, 0, header.length, 0])]);
  return Buffer.concat([start, Buffer.from(header, 'latin1'), Buffer.from(values.buffer)]);
}

function output(file) {
  const bytes = readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
}

const ONE = /Runs on the CPU \(WebAssembly SIMD\)/;
const SEVERAL = hasThreads ? /Runs on the CPU \(WebAssembly SIMD, \d+ threads\)/ : ONE;
/** The app as a browser without relaxed SIMD runs it. */
const unrelaxed = (name, text) => (name.startsWith('relaxed-') ? text.replace('WebAssembly.validate', '!WebAssembly.validate') : text);

/** Where it runs, with which engine, whether with WebGPU, how the page is opened, what it says, and how the app is changed. */
const PLACES = [
  ['CPU', hasThreads ? 'engine-cpu-threads-relaxed' : 'engine-cpu-relaxed', false, '?device=cpu', SEVERAL],
  ['CPU without relaxed SIMD', hasThreads ? 'engine-cpu-threads' : 'engine-cpu', false, '?device=cpu', SEVERAL, { edit: unrelaxed }],
  // A host that does not isolate the page, and so allows no threads.
  ['CPU with one thread', 'engine-cpu-relaxed', false, '?device=cpu', ONE, { headers: false }],
  ['CPU with one thread, without relaxed SIMD', 'engine-cpu', false, '?device=cpu', ONE, { headers: false, edit: unrelaxed }],
  ['GPU', 'engine', true, '?device=gpu', /Runs on the GPU/],
];

for (const [device, engine, gpu, query, says, change] of PLACES) {
  test(`on the ${device} in Chromium the logits differ from the native ones by at most a thousandth of their range`, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'delineo-parity-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const at = (name) => path.join(folder, name);
    const bytes = weights();
    const picture = phantom('dermoscopy', 21, SIDE, SIDE);
    writeFileSync(at('weights.safetensors'), bytes);
    writeFileSync(at('model.json'), JSON.stringify(manifest(bytes)));
    writeFileSync(at('input.npy'), input(deep(picture.file.buffer).data));
    const files = ['--weights', at('weights.safetensors'), '--input', at('input.npy'), '--output', at('logits.npy')];
    execFileSync(commandLine, ['logits', ...files, '--device', 'cpu']);
    const native = output(at('logits.npy'));

    const browser = await launch({ gpu });
    t.after(() => browser.close());
    let { origin } = server;
    if (change) {
      const other = await serve(await changed(t, change));
      t.after(() => other.stop());
      origin = other.origin;
    }
    const app = await openWindow(t, browser, origin);
    const fetched = [];
    app.page.context().on('request', (request) => fetched.push(/([\w-]*)_bg-\w*\.wasm$/.exec(request.url())?.[1]));
    await app.open(query);
    if (gpu) await app.onGpu();
    await app.choose(at('weights.safetensors'), at('model.json'));
    await app.page.getByText('“Parity” runs').waitFor({ timeout: 120_000 });
    await app.segment(picture.file);
    assert.match(await app.about(), says);
    // The CPU's engine begins, and which one matters where it goes on; the others follow, to be kept offline.
    if (gpu) assert.ok(fetched.includes(engine), engine);
    else assert.equal(fetched.find((name) => name?.startsWith('engine')), engine);
    const map = deep((await app.savedFromMenu('Probability map')).bytes);
    assert.equal(map.data.length / 4, native.length);

    const [least, most] = native.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    const range = most - least;
    let worst = 0;
    let compared = 0;
    native.forEach((logit, index) => {
      const probability = map.data[index * 4] * STEP;
      const slope = probability * (1 - probability);
      // Near 0 and 1 a step of the map is worth more than what is looked for.
      if (slope * ALLOWED * range < 2 * GRAIN) return;
      compared += 1;
      const difference = Math.abs(Math.log(probability / (1 - probability)) - logit) - (STEP + GRAIN) / 2 / slope;
      worst = Math.max(worst, difference / range);
    });
    t.diagnostic(`range ${range.toFixed(2)}, ${compared} of ${native.length} pixels, worst ${worst.toExponential(2)} of the range`);
    assert.ok(compared > native.length / 10, `${compared} pixels can be compared`);
    assert.ok(worst <= ALLOWED, `${worst}`);
  });
}

// The network in the browser against the logits of the authors' PyTorch code, on both devices.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { reference } from './pictures.mjs';
import { serve } from './server.mjs';

/** Absolute error over the range of the logits, and pixels on the same side of one half, that the design allows. */
const MAX_ERROR = 1e-3;
const MIN_EQUAL = 0.9999;

let server;
before(async () => {
  server = await serve();
});
after(() => server?.stop());

const skip = !existsSync(reference) && 'the reference vectors are not beside the checkout';

for (const [device, choice] of [['CPU', 'Cpu'], ['GPU', 'Auto']]) {
  for (const vector of ['cmunext_s_256x256', 'cmunext_s_192x320', 'cmunext_base_256x256']) {
    test(`${vector} on the ${device} equals PyTorch`, { skip }, async (t) => {
      const browser = await launch({ gpu: device === 'GPU' });
      t.after(() => browser.close());
      const { page } = await (await openWindow(t, browser, server.origin)).open('?device=cpu');
      const input = array(path.join(reference, `${vector}_input.npy`));
      const expected = array(path.join(reference, `${vector}_logits.npy`));
      const weights = readFileSync(path.join(reference, `${vector.replace(/_[0-9x]+$/, '')}.pth`)).toString('base64');
      const answer = await page.evaluate(logits, [choice, weights, input.bytes.toString('base64'), input.shape]);
      assert.equal(answer.gpu, device === 'GPU', 'the device that was asked for runs');

      const found = new Float32Array(Uint8Array.from(Buffer.from(answer.logits, 'base64')).buffer);
      assert.equal(found.length, expected.values.length);
      const range = expected.values.reduce((most, v) => Math.max(most, v)) - expected.values.reduce((least, v) => Math.min(least, v));
      const worst = found.reduce((most, value, index) => Math.max(most, Math.abs(value - expected.values[index])), 0) / range;
      const equal = found.filter((value, index) => value >= 0 === expected.values[index] >= 0).length / found.length;
      t.diagnostic(`max error ${worst.toExponential(2)} of the range, ${(100 * equal).toFixed(4)} % equal, ${Math.round(answer.milliseconds)} ms`);
      assert.ok(worst <= MAX_ERROR, `${worst}`);
      assert.ok(equal >= MIN_EQUAL, `${equal}`);
    });
  }
}

/** In the page: an engine of its own, asked for the logits alone. */
function logits([choice, weights, input, shape]) {
  const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const name = choice === 'Cpu' ? 'engine-cpu' : 'engine';
  const worker = new Worker(document.querySelector(`meta[name=${name}]`).content, { type: 'module' });
  const answer = {};
  const post = (message, payload) => worker.postMessage({ message, payload });
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = async ({ data: { message, payload } }) => {
      const kind = typeof message === 'string' ? message : Object.keys(message)[0];
      if (kind === 'Loaded') post({ Start: { device: choice } });
      if (kind === 'DeviceReady') answer.gpu = message.DeviceReady.gpu;
      if (kind === 'DeviceReady' && !answer.asked) {
        answer.asked = true;
        post({ LoadOwn: { name: 'authors.pth' } }, new Blob([bytes(weights)]));
      }
      if (kind === 'ModelReady') post({ Logits: { shape } }, new Float32Array(bytes(input).buffer));
      if (kind === 'Failed' || kind === 'Fatal') reject(new Error(message[kind].message));
      if (kind === 'Logits') {
        worker.terminate();
        let text = '';
        for (const byte of new Uint8Array(payload)) text += String.fromCharCode(byte);
        resolve({ ...answer, milliseconds: message.Logits.milliseconds, logits: btoa(text) });
      }
    };
  });
}

/** A float32 `.npy` file: its bytes without the header, its values and its shape. */
function array(file) {
  const content = readFileSync(file);
  const start = 10 + content.readUInt16LE(8);
  const header = content.subarray(10, start).toString('latin1');
  assert.match(header, /'descr': '<f4'.*'fortran_order': False/s);
  const shape = /'shape': \(([^)]*)\)/.exec(header)[1].split(',').map(Number).filter(Boolean);
  const bytes = content.subarray(start);
  return { bytes, shape, values: new Float32Array(Uint8Array.from(bytes).buffer) };
}

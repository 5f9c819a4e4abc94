// The network in the browser against the logits of the authors' PyTorch code, on both devices.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
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

for (const [device, choice] of [['CPU', 'Cpu'], ['GPU', 'Gpu']]) {
  for (const vector of ['cmunext_s_256x256', 'cmunext_s_192x320', 'cmunext_base_256x256']) {
    test(`${vector} on the ${device} equals PyTorch`, { skip }, async (t) => {
      const browser = await launch({ gpu: device === 'GPU' });
      t.after(() => browser.close());
      const { page } = await (await openWindow(t, browser, server.origin)).open('?device=cpu');
      const input = array(path.join(reference, `${vector}_input.npy`));
      const expected = array(path.join(reference, `${vector}_logits.npy`));
      const weights = readFileSync(path.join(reference, `${vector.replace(/_[0-9x]+$/, '')}.pth`));
      const model = { Own: createHash('sha256').update(weights).digest('hex') };
      const answer = await page.evaluate(logits, [choice, model, weights.toString('base64'), input.bytes.toString('base64'), input.shape]);
      assert.equal(answer.device, choice, 'the device that was asked for runs');

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
async function logits([device, model, weights, input, shape]) {
  const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const name = device === 'Cpu' ? 'engine-cpu' : 'engine';
  const worker = new Worker(document.querySelector(`meta[name=${name}]`).content, { type: 'module' });
  const next = () =>
    new Promise((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }) => {
        const { Failed, Fatal, Progress } = data.message;
        if (Failed ?? Fatal) reject(new Error((Failed ?? Fatal).message));
        else if (!Progress) resolve(data);
      };
    });
  let id = 0;
  const ask = async (message, payload) => {
    const answer = next();
    id += 1;
    worker.postMessage({ id, message, payload });
    const found = await answer;
    if (found.message.Answer.id !== id) throw new Error(`an answer to ${found.message.Answer.id}, not ${id}`);
    return { ...found.message.Answer.answer, payload: found.payload };
  };
  await next();
  const { Started } = await ask({ Start: { device } });
  await ask({ LoadModel: { model, name: 'authors.pth' } }, new Blob([bytes(weights)]));
  const { Logits, payload } = await ask({ Logits: { model, shape } }, new Float32Array(bytes(input).buffer));
  worker.terminate();
  let text = '';
  for (const byte of new Uint8Array(payload)) text += String.fromCharCode(byte);
  return { device: Started.kind, milliseconds: Logits.milliseconds, logits: btoa(text) };
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

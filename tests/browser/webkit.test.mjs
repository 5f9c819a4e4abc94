// The app in WebKit, and so nearly in Safari: what a person does, on the first visit, on the next one and with the network
// off.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { phantom } from './pictures.mjs';
import { grey, iou } from './png.mjs';
import { serve } from './server.mjs';
import { launch, missing } from './webkit.mjs';

async function wholeJob(app, picture) {
  await app.segment(picture.file);
  await app.setThreshold(0.4);
  const { name, bytes } = await app.savedMask();
  assert.equal(name, picture.file.name.replace('.png', '_mask.png'));
  const overlap = iou(grey(bytes), grey(picture.mask));
  assert.ok(overlap >= 0.5, `${overlap}`);
  assert.deepEqual(await app.faults(), []);
}

test('in WebKit the whole job works on the first visit, on the next one and with the network off', { skip: missing }, async (t) => {
  const picture = phantom('dermoscopy', 10, 240, 180);
  const server = await serve();
  const app = await launch(t);
  await app.open(server.origin);
  await wholeJob(app, picture);
  await app.says('Ready to work offline');
  await app.reload();
  await wholeJob(app, picture);
  await server.stop();
  await app.reload();
  await wholeJob(app, picture);
});

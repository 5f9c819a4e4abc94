// The app in WebKit, and so nearly in Safari: what a person does, on the first visit, on the next one and with the network
// off.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { wholeJob } from './elsewhere.mjs';
import { phantom } from './pictures.mjs';
import { serve } from './server.mjs';
import { launch, missing } from './webkit.mjs';

async function wholeJobWithoutFaults(app, picture) {
  await wholeJob(app, picture);
  assert.deepEqual(await app.faults(), []);
}

test('in WebKit the whole job works on the first visit, on the next one and with the network off', { skip: missing }, async (t) => {
  const picture = phantom('dermoscopy', 10, 240, 180);
  const server = await serve();
  const app = await launch(t);
  await app.open(server.origin);
  await wholeJobWithoutFaults(app, picture);
  await app.says('Ready to work offline');
  await app.reload();
  await wholeJobWithoutFaults(app, picture);
  await server.stop();
  await app.reload();
  await wholeJobWithoutFaults(app, picture);
});

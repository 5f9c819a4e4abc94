// The app in Firefox: what a person does, on the first visit, on the next one and with the network off. Where Firefox has no
// WebGPU it is also the browser in which the CPU does the work.

import { after, before, test } from 'node:test';

import { wholeJob } from './elsewhere.mjs';
import { launch, missing, openWindow } from './firefox.mjs';
import { phantom } from './pictures.mjs';
import { serve } from './server.mjs';

const skip = missing;
const picture = missing ? undefined : phantom('dermoscopy', 10, 240, 180);

let browser;
before(async () => {
  if (!missing) browser = await launch();
});
after(() => browser?.close());

test('in Firefox the whole job works on the first visit, on the next one and with the network off', { skip }, async (t) => {
  const server = await serve();
  const app = await (await openWindow(t, browser, server.origin)).open('');
  await wholeJob(app, picture);
  await app.page.getByText('Works offline').waitFor();
  await app.page.reload();
  await wholeJob(app, picture);
  await server.stop();
  await app.page.reload();
  await wholeJob(app, picture);
  app.assertNoFaults();
});

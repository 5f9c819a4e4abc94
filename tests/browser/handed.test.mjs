// Images that come from outside the page: shared by another app, or opened with Delineo where it is installed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { phantom } from './pictures.mjs';
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

const picture = phantom('dermoscopy', 14, 240, 180);

test('an image that another app shares is opened and segmented', async (t) => {
  const app = await (await openWindow(t, browser, server.origin)).open();
  await app.page.getByText('Works offline').waitFor();
  // A share is a form that the system sends, from no page of ours.
  await app.page.goto('about:blank');
  await app.page.setContent(
    `<form method="post" action="${server.origin}/share" enctype="multipart/form-data"><input type="file" name="image"></form>`,
  );
  await app.page.locator('input').setInputFiles(picture.file);
  await app.page.evaluate(() => document.forms[0].submit());
  await app.done(picture.name);
  app.assertNoFaults();
});

test('files that the system opens with the app are opened, also while it runs', async (t) => {
  const app = await openWindow(t, browser, server.origin);
  // Only an installed app gets files from the system; the handles are real ones, of the page's private folder.
  await app.page.addInitScript(() => {
    Object.defineProperty(window, 'launchQueue', { value: { setConsumer: (consumer) => (window.consumer = consumer) } });
  });
  const launchWith = (name) =>
    app.page.evaluate(
      async ([name, base64]) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const handle = await (await navigator.storage.getDirectory()).getFileHandle(name, { create: true });
        const file = await handle.createWritable();
        await file.write(bytes);
        await file.close();
        window.consumer({ files: [handle] });
      },
      [name, picture.file.buffer.toString('base64')],
    );
  await app.open();
  await launchWith('first.png');
  await app.done('first.png');
  await launchWith('second.png');
  await app.done('second.png');
  assert.equal(await app.image('first.png').count(), 0);
  app.assertNoFaults();
});

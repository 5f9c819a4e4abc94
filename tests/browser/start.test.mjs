// A page whose code cannot be loaded says what failed, and another try works once that is put right.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
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

/** A window whose requests for files that match are answered by `fault`, a handler of Playwright's routes. */
async function faulty(t, pattern, fault) {
  const app = await openWindow(t, browser, server.origin, { serviceWorkers: 'block' });
  if (pattern) await app.page.route(pattern, fault);
  return app;
}

/** Opens the page and reads what it says in place of the app. */
async function said(app) {
  await app.page.goto(`${server.origin}/?device=cpu`);
  await app.alert.waitFor();
  return app.alert.innerText();
}

const CODE = { script: /\/page-[^/]*\.js/, WebAssembly: /\/page_bg-[^/]*\.wasm/ };
const missing = (route) => route.fulfill({ status: 404, contentType: 'text/html', body: '<h1>Not here</h1>' });

for (const [what, pattern] of Object.entries(CODE)) {
  test(`a ${what} file of the page that the server lacks is named, and another try works when it is there`, async (t) => {
    const app = await faulty(t, pattern, missing);
    assert.match(await said(app), /could not be loaded: the server has no \S*page\S* \(status 404\)/);
    await app.page.unroute(pattern);
    await app.page.getByRole('button', { name: 'Try again' }).click();
    await app.fileInput.waitFor({ state: 'attached' });
  });

  test(`a network that ends before the ${what} file is called that`, async (t) => {
    const app = await faulty(t, pattern, (route) => route.abort('internetdisconnected'));
    assert.match(await said(app), /the network cannot be reached/);
  });

  test(`a ${what} file that arrives with other bytes is called damaged and does not run`, async (t) => {
    const app = await faulty(t, pattern, async (route) => {
      const response = await route.fetch();
      const body = Buffer.concat([await response.body(), Buffer.from('\nwindow.planted = true;')]);
      await route.fulfill({ response, body });
    });
    assert.match(await said(app), /page\S*, or what it needs, arrived damaged/);
    assert.equal(await app.page.evaluate(() => window.planted === true), false);
  });
}

test('a browser that runs no WebAssembly is told so', async (t) => {
  const app = await faulty(t);
  await app.page.addInitScript(() => delete globalThis.WebAssembly);
  assert.match(await said(app), /does not run WebAssembly/);
});

test('a browser that cannot compile the code is called too old', async (t) => {
  const app = await faulty(t);
  await app.page.addInitScript(() => {
    const refuse = async () => { throw new WebAssembly.CompileError('an instruction from later on'); };
    Object.assign(WebAssembly, { instantiate: refuse, instantiateStreaming: refuse });
  });
  assert.match(await said(app), /too old/);
});

test('without the very first script the page asks to check the connection', async (t) => {
  const app = await faulty(t, /\/start-[^/]*\.js/, missing);
  await app.page.goto(server.origin);
  await app.page.getByText(/check the connection and reload/).waitFor();
});

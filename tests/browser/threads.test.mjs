// The CPU on several threads: where the browser allows them, where it does not, and when one of them fails.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openWindow } from './chromium.mjs';
import { phantom } from './pictures.mjs';
import { changed, hasThreads, serve, THREADS_LOADER } from './server.mjs';

const skip = hasThreads ? false : 'the app was built without the engine on several threads, or there is one processor';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const picture = phantom('dermoscopy', 31, 240, 180);
const SEVERAL = /Runs on the CPU \(WebAssembly SIMD, \d+ threads\)/;
const ONE = /Runs on the CPU \(WebAssembly SIMD\)/;

/** The app on a host of its own, changed as the test wants. */
async function hosted(t, change) {
  const server = await serve(await changed(t, change));
  t.after(() => server.stop());
  return openWindow(t, browser, server.origin);
}

/** The app with other words in the script of engine and threads: pairs of what stands there and what is to. */
function faulty(t, ...changes) {
  const replace = (text, [words, others]) => {
    assert.ok(text.includes(words), `${words} in ${text}`);
    return text.replace(words, others);
  };
  return hosted(t, { edit: (name, text) => (name.startsWith(THREADS_LOADER) ? changes.reduce(replace, text) : text) });
}

async function mask(app) {
  await app.segment(picture.file);
  return (await app.savedFromMenu('Probability map')).bytes;
}

test('a host that sends no headers gets one thread on the first visit and several from the second on, with the same result', { skip }, async (t) => {
  const app = await hosted(t, { headers: false });
  await app.open();
  assert.equal(await app.page.evaluate(() => crossOriginIsolated), false);
  const first = await mask(app);
  assert.match(await app.about(), ONE);
  await app.page.getByText('Works offline').waitFor();

  await app.page.reload();
  assert.equal(await app.page.evaluate(() => crossOriginIsolated), true);
  const second = await mask(app);
  assert.match(await app.about(), SEVERAL);
  assert.deepEqual(second, first, 'to the last bit');
  app.assertNoFaults();
});

test('an engine with threads that cannot be loaded is replaced by the one without', { skip }, async (t) => {
  const app = await faulty(t, ['await init();', "throw new Error('planted');"]);
  await app.open();
  await mask(app);
  assert.match(await app.about(), ONE);
});

test('workers that do not answer leave the engine with one thread, soon', { skip }, async (t) => {
  const app = await faulty(t, ["self.postMessage('loaded');", '']);
  await app.open();
  await mask(app);
  assert.match(await app.about(), ONE);
  app.assertNoFaults();
});

test('a thread that never begins to work delays nothing', { skip }, async (t) => {
  const app = await faulty(t, ['run_thread();', 'await new Promise(() => {});']);
  await app.open();
  await mask(app);
  assert.match(await app.about(), SEVERAL);
  app.assertNoFaults();
});

test('a thread that dies takes the engine with it, and the next one has one thread', { skip }, async (t) => {
  const app = await faulty(t, ['run_thread();', "throw new Error('planted');"]);
  await app.open();
  await app.page.getByText(/started again/).waitFor();
  await mask(app);
  assert.match(await app.about(), ONE);
});

test('a thread that dies while the engine waits for it takes the engine with it all the same', { skip }, async (t) => {
  // An engine in the middle of a pass hears no event; this one never again.
  const app = await faulty(
    t,
    ['await init();', 'await init();\n  setTimeout(() => { for (;;); }, 3000);'],
    ['run_thread();', "await new Promise((resolve) => setTimeout(resolve, 4000));\n      throw new Error('planted');"],
  );
  await app.open();
  await app.page.getByText(/started again/).waitFor({ timeout: 20_000 });
  await mask(app);
  assert.match(await app.about(), ONE);
});

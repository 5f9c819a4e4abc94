// Times Delineo against ONNX Runtime Web, and the page against its budgets, in one headless Chromium. `cargo xtask bench`
// calls it, with its options as JSON in `DELINEO_BENCH`, and reads what was measured from the file that they name.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { launch } from '../browser/chromium.mjs';
import { folder } from './folder.mjs';
import { host } from './host.mjs';
import { overlay } from './overlay.mjs';
import { visits } from './visit.mjs';

const options = JSON.parse(process.env.DELINEO_BENCH);
const here = fileURLToPath(new URL('.', import.meta.url));
const onnx = path.join(here, 'node_modules/onnxruntime-web/dist');
const { dist, reference, pictures, parts, cases } = options;
const hasPeer = cases.length > 0 || parts.includes('visit');

/** The engine that the page would start for this device. */
const LOADERS = {
  gpu: /^engine_loader.*\.js$/,
  cpu: /^engine-cpu_loader.*\.js$/,
  'cpu-threads': /^engine-cpu-threads_loader.*\.js$/,
};
function loader(device) {
  const name = readdirSync(dist).find((file) => LOADERS[device].test(file));
  return name && `/app/${name}`;
}
const cores = os.availableParallelism();
const result = { cores, cases: [], visits: [] };

const server = await host({ bench: here, app: dist, onnx, reference, pictures }, options.cache);
const browser = await launch({ gpu: true });
try {
  result.machine = `${os.cpus()[0].model.trim()}, ${cores} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.arch()}`;
  result.browser = `Chromium ${browser.version()}`;
  if (hasPeer) result.onnx = `ONNX Runtime Web ${JSON.parse(readFileSync(path.join(onnx, '../package.json'))).version}`;
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${server.origin}/bench/`);
  result.isolated = await page.evaluate(() => crossOriginIsolated);
  result.adapter = await page.evaluate(async () => (await import('/bench/timing.mjs')).adapter());
  for (const one of cases) {
    const threads = one.device === 'cpu-threads' ? cores : 1;
    const name = `${one.device}, ${one.variant}, ${one.side}x${one.side}`;
    if (one.device === 'gpu' && result.adapter === null) {
      result.cases.push({ ...one, threads, error: 'there is no WebGPU adapter' });
      continue;
    }
    if (!loader(one.device)) {
      result.cases.push({ ...one, threads, error: 'the app was built without this engine' });
      continue;
    }
    console.log(`    ${name} …`);
    const { repeats, seconds, run } = options;
    const order = { ...one, threads, repeats, seconds, run, device: one.device === 'gpu' ? 'gpu' : 'cpu', loader: loader(one.device) };
    const measured = await page
      .evaluate(async (what) => (await import('/bench/timing.mjs')).measure(what), order)
      .catch((error) => ({ error: error.message.split('\n')[0].replace(/^page\.evaluate: (Error: )?/, '') }));
    result.cases.push({ ...one, threads, ...measured });
  }
  await page.context().close();
  if (parts.includes('overlay')) result.overlay = await overlay(browser, server);
  if (parts.includes('folder')) result.folder = await folder(browser, server);
  // From the first visit on the server is as slow as a real line.
  if (parts.includes('visit')) result.visits = await visits(browser, server, options, result);
} finally {
  await browser.close();
  server.close();
}
writeFileSync(options.result, JSON.stringify(result));

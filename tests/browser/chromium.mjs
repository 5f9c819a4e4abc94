// Headless Chromium, with WebGPU on its software adapter or without WebGPU.

import { chromium } from 'playwright-core';

import { Delineo } from './delineo.mjs';

const program = process.env.CHROME ?? '/usr/bin/chromium';

const QUIET = [
  '--no-sandbox',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Nothing but the app's own server can be reached, whatever asks.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost',
];

const WEBGPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  // SwiftShader compiles a store for each number of a workgroup's memory to zero it: seconds for each of our kernels.
  '--enable-dawn-features=disable_workgroup_init',
];

/** Starts Chromium. Without `gpu` it has no WebGPU adapter, as on a machine without a GPU. */
export function launch({ gpu = false, args = [] } = {}) {
  const flags = [...QUIET, ...(gpu ? WEBGPU : []), ...args];
  return chromium.launch({ executablePath: program, args: flags });
}

/** A window of a new profile, with the app not opened yet. Closed when the test ends. */
export async function openWindow(t, browser, origin, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  t.after(() => context.close());
  return new Delineo(await context.newPage(), origin);
}

// First visits: an empty cache, a line of a given speed, an image chosen as soon as the page takes one.

import { encode } from '../browser/png.mjs';

const LONGEST = 300_000;
/** A mask on a software GPU takes so long that once is enough. */
const VISITS = { cpu: 7, gpu: 1 };

/**
 * In the app's page, before its own scripts: notes when the engine has its model and when the page shows the first mask
 * (see `overlay.mjs`), on the page's clock.
 */
function watchPage() {
  window.arrival = {};
  new PerformanceObserver((list) => {
    const [first] = list.getEntriesByName('overlay');
    if (first) window.arrival.mask ??= first.startTime + first.duration;
  }).observe({ type: 'measure' });
  window.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data: { message } }) => {
        if (message.Answer?.answer.ModelLoaded) window.arrival.ready ??= performance.now();
        if (message.Fatal || message.Failed) window.arrival.error = JSON.stringify(message);
      });
    }
  };
}

/** A brown disc on skin: what is in the picture does not matter for the time, but it must take the model for skin. */
function spot(width, height) {
  const rgb = Buffer.alloc(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const inside = Math.hypot(x - width / 2, y - height / 2) < height / 4;
    rgb.set(inside ? [94, 53, 46] : [214, 168, 146], 3 * pixel);
  }
  return encode(width, height, rgb);
}

async function visit(browser, server, url, picture, prepare) {
  const context = await browser.newContext();
  try {
    if (prepare) await context.addInitScript(prepare);
    const page = await context.newPage();
    server.takeSent();
    await page.goto(url, { waitUntil: 'commit' });
    await page.locator('input[type=file]').first().waitFor({ state: 'attached', timeout: LONGEST });
    await page.locator('input[type=file]').first().setInputFiles([picture]);
    await page.waitForFunction(() => window.arrival?.mask || window.arrival?.error, null, { timeout: LONGEST });
    const arrival = await page.evaluate(() => window.arrival);
    if (arrival.error) throw new Error(arrival.error);
    return { ...arrival, bytes: server.takeSent() };
  } finally {
    await context.close();
  }
}

/** Visits both pages in turn, on the CPU and, where there is an adapter, on the GPU. */
export async function visits(browser, server, options, { adapter }) {
  server.behaveAsAHost((options.megabits * 1e6) / 8);
  const picture = { name: 'spot.png', mimeType: 'image/png', buffer: spot(480, 360) };
  const devices = options.parts.includes('gpu') && adapter !== null ? ['cpu', 'gpu'] : ['cpu'];
  const results = [];
  for (const device of devices) {
    const addresses = {
      delineo: [`${server.origin}/app/?device=${device === 'gpu' ? 'auto' : 'cpu'}`, watchPage],
      onnx: [`${server.origin}/bench/onnx-page/?device=${device}`],
    };
    const result = { device };
    console.log(`    first visits, ${device} …`);
    try {
      // The first round fills the host's store of compressed files and is not counted.
      for (let round = -1; round < VISITS[device]; round += 1) {
        for (const [name, [url, prepare]] of Object.entries(addresses)) {
          const { ready, mask, bytes } = await visit(browser, server, url, picture, prepare);
          const arrival = (result[name] ??= { ready: [], mask: [] });
          if (round < 0) continue;
          arrival.ready.push(ready);
          arrival.mask.push(mask);
          arrival.bytes = bytes;
        }
      }
    } catch (error) {
      result.error = error.message.split('\n')[0];
    }
    results.push(result);
  }
  return results;
}

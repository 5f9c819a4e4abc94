// How fast a folder goes through the page: so many pictures of 256 by 256 pixels are dropped together, and the time runs
// until all are segmented and summed up. Then "next" is pressed, each time from one prepared picture to the next.
//
// Of the app only the name of its progress bar, the key for the next picture and the frames that it reports with
// `performance.measure('overlay', { start, end })` are used here.

const WINDOW = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 };
const IMAGES = 200;
const SIDE = 256;
const STEPS = 20;
/** Milliseconds between two steps: the pace of somebody who looks for a moment. */
const STEP_MS = 400;
const LONGEST = 180_000;

/** In the page, before its own scripts: keeps what the page reports, on the page's clock. */
function record() {
  const bench = { frames: [], tasks: [], pressed: [] };
  const keep = (type, into, wanted) => {
    new PerformanceObserver((list) => {
      for (const { name, startTime, duration } of list.getEntries()) {
        if (wanted(name)) into.push({ start: startTime, end: startTime + duration });
      }
    }).observe({ type, buffered: true });
  };
  keep('measure', bench.frames, (name) => name === 'overlay');
  keep('longtask', bench.tasks, () => true);
  addEventListener('keydown', (event) => bench.pressed.push(event.timeStamp), true);
  window.bench = bench;
}

/** In the page: parts of a large picture, each of its own place and size, as PNG files. */
async function make([url, images, side]) {
  const whole = await createImageBitmap(await (await fetch(url)).blob());
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext('2d');
  const files = [];
  for (let index = 0; index < images; index += 1) {
    const part = Math.round(whole.height * (0.7 + 0.3 * ((index * 7) % 11) / 11));
    const left = Math.round((whole.width - part) * (((index * 5) % 13) / 13));
    const top = Math.round((whole.height - part) * (((index * 3) % 17) / 17));
    context.drawImage(whole, left, top, part, part, 0, 0, side, side);
    const name = `picture-${String(index + 1).padStart(4, '0')}.png`;
    files.push(new File([await canvas.convertToBlob({ type: 'image/png' })], name, { type: 'image/png' }));
  }
  whole.close();
  window.bench.files = files;
}

/** Puts files on the page as a person drops them; returns the page's time. */
function drop([from, to]) {
  const transfer = new DataTransfer();
  for (const file of window.bench.files.slice(from, to)) transfer.items.add(file);
  const now = performance.now();
  for (const type of ['dragenter', 'dragover', 'drop']) {
    document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }
  return now;
}

const BAR = 'progress[aria-label="Segmenting"]';

/** Waits until the bar has come and gone; returns the page's time at which it went. */
async function finished(page) {
  await page.waitForFunction((bar) => document.querySelector(bar), BAR, { timeout: LONGEST, polling: 'raf' });
  const gone = (bar) => !document.querySelector(bar) && performance.now();
  const at = await page.waitForFunction(gone, BAR, { timeout: LONGEST, polling: 'raf' });
  return at.jsonValue();
}

const lengths = (spans) => spans.map(({ start, end }) => end - start);
const within = (spans, from, to) => spans.filter(({ start }) => start >= from && start <= to);

async function measure(page, origin) {
  await page.goto(`${origin}/app/?device=cpu`);
  await page.locator('input[type=file]').first().waitFor({ state: 'attached', timeout: LONGEST });
  await page.evaluate(make, [`${origin}/pictures/phantom.jpg`, IMAGES + 1, SIDE]);
  // The first one loads the model.
  await page.evaluate(drop, [IMAGES, IMAGES + 1]);
  await page.waitForFunction(() => window.bench.frames.length > 0, null, { timeout: LONGEST });
  await page.waitForTimeout(1000);

  const began = await page.evaluate(drop, [0, IMAGES]);
  const ended = await finished(page);
  await page.waitForTimeout(1000);

  const stepped = await page.evaluate(() => performance.now());
  for (let step = 0; step < STEPS; step += 1) {
    await page.keyboard.press('n');
    await page.waitForTimeout(STEP_MS);
  }
  const { frames, tasks, pressed } = await page.evaluate(() => window.bench);
  const steps = pressed
    .filter((time) => time >= stepped)
    .map((time) => {
      const frame = frames.find(({ start, end }) => start >= time && end > time);
      if (!frame) throw new Error("the page did not report a picture's border with performance.measure('overlay', …)");
      return frame.end - time;
    });
  return {
    images: IMAGES,
    milliseconds: ended - began,
    tasks: lengths(within(tasks, began, ended)),
    steps,
    stepTasks: lengths(within(tasks, stepped, Infinity)),
  };
}

/** Measures on the CPU's engine, which every machine has. */
export async function folder(browser, server) {
  console.log(`    a folder of ${IMAGES} pictures in the page …`);
  const context = await browser.newContext({ ...WINDOW, serviceWorkers: 'block' });
  try {
    await context.addInitScript(record);
    const page = await context.newPage();
    const fault = new Promise((_, reject) => page.once('pageerror', reject));
    return await Promise.race([measure(page, server.origin), fault]);
  } catch (error) {
    return { error: error.message.split('\n')[0] };
  } finally {
    await context.close();
  }
}

// What a person waits for in the page: the overlay after the slider moved, and the overlay of a picture that was dropped.
//
// The page reports each frame of the overlay with `performance.measure('overlay', { start, end })`, from sending what
// changed to the worker until the frame is shown; a picture's first frame is the one that shows its mask. Beside that
// nothing of the app is used here but the name of its slider.

const WINDOW = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2 };
/** How often the slider moves; a key that is held down repeats about 30 times a second. */
const STEPS = 90;
const STEP_MS = 33;
/** The slider goes back and forth by so many steps, so that it never reaches an end. */
const SWING = 30;
const FEWEST_STEPS = 60;
const DROPS = 7;
/** Milliseconds in which what an action set off comes to an end. */
const SETTLE = 700;
const LONGEST = 120_000;

/** In the page, before its own scripts: keeps what the page reports, on the page's clock. */
function record() {
  const bench = { frames: [], tasks: [], steps: [], pressed: 0 };
  const keep = (type, into, wanted) => {
    new PerformanceObserver((list) => {
      for (const { name, startTime, duration } of list.getEntries()) {
        if (wanted(name)) into.push({ start: startTime, end: startTime + duration });
      }
    }).observe({ type, buffered: true });
  };
  keep('measure', bench.frames, (name) => name === 'overlay');
  keep('longtask', bench.tasks, () => true);
  addEventListener('keydown', (event) => (bench.pressed = event.timeStamp), true);
  addEventListener('input', () => bench.steps.push({ pressed: bench.pressed, handled: performance.now() }), true);
  window.bench = bench;
}

/** Puts a file on the page as a person drops one; returns the page's time. */
function drop(name) {
  const transfer = new DataTransfer();
  transfer.items.add(new File([window.bench.picture], name, { type: 'image/jpeg' }));
  const now = performance.now();
  for (const type of ['dragenter', 'dragover', 'drop']) {
    document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }
  return now;
}

/** Waits for the first frame of what was sent at the given time or later. */
async function frameAfter(page, time) {
  const find = (since) => window.bench.frames.find(({ start }) => start >= since);
  const found = await page.waitForFunction(find, time, { timeout: LONGEST, polling: 100 }).catch(() => {
    throw new Error(`within ${LONGEST / 1000} s the page reported no frame with performance.measure('overlay', …)`);
  });
  return found.jsonValue();
}

const lengths = (spans) => spans.map(({ start, end }) => end - start);
const within = (spans, from, to) => spans.filter(({ start }) => start >= from && start <= to);

async function drops(page) {
  const times = [];
  let from = 0;
  // The first round loads the model and is not counted.
  for (let round = -1; round < DROPS; round += 1) {
    const dropped = await page.evaluate(drop, `phantom-${round + 1}.jpg`);
    const frame = await frameAfter(page, dropped);
    await page.waitForTimeout(SETTLE);
    if (round < 0) from = await page.evaluate(() => performance.now());
    else times.push(frame.end - dropped);
  }
  const tasks = await page.evaluate(() => window.bench.tasks);
  return { drop: times, dropTasks: lengths(within(tasks, from, Infinity)) };
}

async function slides(page) {
  await page.getByRole('slider', { name: 'Threshold', exact: true }).focus();
  const from = await page.evaluate(() => performance.now());
  let next = Date.now();
  for (let step = 0; step < STEPS; step += 1) {
    const goesUp = Math.floor((step + SWING / 2) / SWING) % 2 === 0;
    await page.keyboard.press(goesUp ? 'ArrowRight' : 'ArrowLeft');
    next += STEP_MS;
    await page.waitForTimeout(Math.max(0, next - Date.now()));
  }
  await page.waitForTimeout(SETTLE);
  const { steps, frames, tasks } = await page.evaluate(() => window.bench);
  const moved = steps.filter(({ handled }) => handled >= from);
  if (moved.length < FEWEST_STEPS) throw new Error(`the slider moved ${moved.length} times for ${STEPS} key presses`);
  const shown = moved.map(({ pressed, handled }) => {
    const frame = frames.find(({ start }) => start >= handled);
    if (!frame) throw new Error("the page did not report the slider's last frame with performance.measure('overlay', …)");
    return frame.end - pressed;
  });
  return { slider: shown, frames: lengths(within(frames, from, Infinity)), sliderTasks: lengths(within(tasks, from, Infinity)) };
}

/** Measures on the CPU's engine, which every machine has. */
export async function overlay(browser, server) {
  console.log('    the overlay in the page …');
  const context = await browser.newContext({ ...WINDOW, serviceWorkers: 'block' });
  try {
    await context.addInitScript(record);
    const page = await context.newPage();
    const fault = new Promise((_, reject) => page.once('pageerror', reject));
    const measured = async () => {
      await page.goto(`${server.origin}/app/?device=cpu`);
      await page.locator('input[type=file]').first().waitFor({ state: 'attached', timeout: LONGEST });
      await page.evaluate(async (url) => {
        window.bench.picture = await (await fetch(url)).blob();
      }, `${server.origin}/pictures/phantom.jpg`);
      const dropped = await drops(page);
      const slid = await slides(page);
      const canvas = await page.evaluate(() => {
        const sizes = [...document.querySelectorAll('canvas')].map(({ width, height }) => width * height);
        return Math.max(0, ...sizes);
      });
      return { ...dropped, ...slid, canvas };
    };
    return await Promise.race([measured(), fault]);
  } catch (error) {
    return { error: error.message.split('\n')[0] };
  } finally {
    await context.close();
  }
}

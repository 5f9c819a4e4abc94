// The page as a person and a screen reader know it: by names and roles, never by classes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** How long an inference may take on Chromium's software GPU on two cores, compilation included. */
const LONGEST_INFERENCE = 180_000;
const LONGEST_START = 120_000;

export class Delineo {
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
    this.faults = [];
    page.on('pageerror', (error) => this.faults.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(`console: ${message.text()}`);
    });
    this.fileInput = page.getByLabel('Open image', { exact: true });
    this.threshold = page.getByRole('slider', { name: 'Threshold', exact: true });
    this.exportMask = page.getByRole('button', { name: 'Export mask', exact: true });
    this.moreExports = page.getByRole('button', { name: 'More exports', exact: true });
    this.status = page.getByRole('status');
    this.alert = page.getByRole('alert');
  }

  /** Opens the app; `query` such as `?device=cpu`. */
  async open(query = '?device=cpu') {
    await this.page.goto(`${this.origin}/${query}`);
    await this.fileInput.waitFor({ state: 'attached', timeout: LONGEST_START });
    return this;
  }

  /** Waits until the GPU's engine has taken over from the CPU's, which begins. */
  async onGpu() {
    await this.says(/Runs on the GPU/, LONGEST_START);
    return this;
  }

  /** Opens files by path, or made ones as `{ name, mimeType, buffer }`. */
  async choose(...files) {
    await this.fileInput.setInputFiles(files);
  }

  /** The image region, named after the file. */
  image(name) {
    return this.page.getByRole('img', { name: new RegExp(`^${escape(name)}`) });
  }

  /** Waits until an image is shown with its border. */
  async done(name) {
    await this.image(name).waitFor({ timeout: LONGEST_INFERENCE });
    await until(() => this.exportMask.isEnabled(), `the border of ${name}`, LONGEST_INFERENCE);
  }

  /** Opens a file and waits for its border. */
  async segment(file, name = typeof file === 'string' ? file.split('/').pop() : file.name) {
    await this.choose(file);
    await this.done(name);
  }

  /** Presses a button that saves a file and reads the file. */
  async saved(press) {
    const [download] = await Promise.all([this.page.waitForEvent('download', { timeout: 60_000 }), press()]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  }

  savedMask() {
    return this.saved(() => this.exportMask.click());
  }

  /** Saves one of the files in the menu beside the export button. */
  async savedFromMenu(label) {
    await this.moreExports.click();
    return this.saved(() => this.page.getByRole('button', { name: label }).click());
  }

  /** What the image region says: size, and the mask's area once it was counted at full size. */
  async described() {
    const text = (await this.page.getByRole('img', { name: / by \d+ pixels/ }).getAttribute('aria-label')) ?? '';
    const size = /, (\d+) by (\d+) pixels/.exec(text);
    const pixels = / of the image, (about )?([\d\s\u202f]+) pixels/.exec(text);
    const empty = text.includes('mask is empty');
    return {
      text,
      width: Number(size?.[1]),
      height: Number(size?.[2]),
      pixels: empty ? 0 : pixels ? Number(pixels[2].replace(/\D/g, '')) : undefined,
      exact: empty || (pixels !== null && pixels[1] === undefined),
    };
  }

  /** The mask's area in pixels, once it is counted at full size and no longer changes. */
  async area() {
    let last;
    const settled = await until(async () => {
      const now = await this.described();
      const same = now.exact && last?.text === now.text;
      last = now;
      await this.page.waitForTimeout(400);
      return same && now;
    }, 'a settled area');
    return settled.pixels;
  }

  /** Moves the threshold as a person does who drags the slider. */
  async setThreshold(value) {
    await this.threshold.fill(String(value));
  }

  /** All that is said to the person just now. */
  async said() {
    const texts = [];
    for (const region of [this.alert, this.status, this.page.locator('.notice')]) texts.push(...(await region.allInnerTexts()));
    return texts.map((text) => text.replace(/\s+/g, ' ').trim()).filter(Boolean);
  }

  /** Waits until something is said that matches. */
  async says(pattern, patience = 60_000) {
    return until(async () => (await this.said()).find((text) => pattern.test(text)), `a message like ${pattern}`, patience);
  }

  /** What the About panel says, text by text. */
  async about() {
    await this.page.getByRole('button', { name: 'About Delineo', exact: true }).click();
    const dialog = this.page.getByRole('dialog');
    await dialog.waitFor();
    const text = await dialog.innerText();
    await this.page.keyboard.press('Escape');
    return text;
  }

  /** Fails when the page reported an error. */
  assertNoFaults() {
    assert.deepEqual(this.faults, []);
  }
}

/** Asks again until the answer is not falsy. */
export async function until(ask, what, patience = 60_000) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${patience / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

// Headless Firefox as the system has it, driven by the protocol that it shares with other browsers (WebDriver BiDi).

import { existsSync } from 'node:fs';

import { firefox } from 'playwright-core';

import { Delineo } from './delineo.mjs';

const program = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

/** Why Firefox is not tried, if it is not. */
export const missing = existsSync(program) ? false : 'there is no Firefox; FIREFOX may name its program';

/** Starts Firefox. */
export function launch() {
  return firefox.launch({ channel: 'moz-firefox', executablePath: program });
}

/** A window of a new profile, with the app not opened yet. Closed when the test ends. */
export async function openWindow(t, browser, origin) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.addInitScript(keepWhatIsSaved);
  return new DelineoInFirefox(page, origin);
}

/** Playwright is not told of this Firefox's downloads, so the page keeps what it hands to the browser. */
function keepWhatIsSaved() {
  const blobs = new Map();
  const create = URL.createObjectURL;
  URL.createObjectURL = (blob) => {
    const address = create(blob);
    blobs.set(address, blob);
    return address;
  };
  HTMLAnchorElement.prototype.click = async function () {
    const bytes = new Uint8Array(await blobs.get(this.href).arrayBuffer());
    window.saved = { name: this.download, base64: btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), '')) };
  };
}

class DelineoInFirefox extends Delineo {
  async saved(press) {
    await this.page.evaluate(() => delete window.saved);
    await press();
    const saved = await this.page.waitForFunction(() => window.saved);
    const { name, base64 } = await saved.jsonValue();
    return { name, bytes: Buffer.from(base64, 'base64') };
  }
}

// Headless Firefox as the system has it, driven by the protocol that it shares with other browsers (WebDriver BiDi).

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { firefox } from 'playwright-core';

import { Delineo } from './delineo.mjs';
import { keepWhatIsSaved } from './elsewhere.mjs';

const program = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

/** The long-term version before the present one lacks a command that Playwright sends (`network.addDataCollector`). */
const TOO_OLD = 140;

/** Why Firefox is not tried, if it is not. */
export const missing = whyMissing();

function whyMissing() {
  if (!existsSync(program)) return 'there is no Firefox; FIREFOX may name its program';
  const said = execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const version = Number(said.match(/(\d+)\./)?.[1]);
  return version <= TOO_OLD ? `Firefox ${version} is too old to be driven` : false;
}

/** Starts Firefox. */
export function launch() {
  return firefox.launch({ channel: 'moz-firefox', executablePath: program });
}

/** A window of a new profile, with the app not opened yet. Closed when the test ends. */
export async function openWindow(t, browser, origin) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  t.after(() => context.close());
  const page = await context.newPage();
  // Playwright is not told of this Firefox's downloads.
  await page.addInitScript(keepWhatIsSaved);
  return new DelineoInFirefox(page, origin);
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

// WebKit as GTK has it, the nearest to Safari that runs on Linux, through its own driver. It has no headless mode, so it
// draws to a virtual display.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { Builder } from 'selenium-webdriver';

import { until } from './delineo.mjs';
import { keepWhatIsSaved } from './elsewhere.mjs';

const program = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
const browser = ['4.1', '4.0']
  .map((version) => `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/webkit2gtk-${version}/MiniBrowser`)
  .find((file) => existsSync(file));
const display = '/usr/bin/xvfb-run';

/** Why WebKit is not tried, if it is not. */
export const missing =
  browser && existsSync(program) && existsSync(display) ? false : 'there is no WebKit driver with a browser, or no Xvfb';

/** Starts WebKit with a new profile. Closed when the test ends. */
export async function launch(t) {
  const port = await freePort();
  const home = mkdtempSync(path.join(tmpdir(), 'delineo-webkit-'));
  const environment = { ...process.env, HOME: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home, XDG_RUNTIME_DIR: home };
  const driver = spawn(display, ['-a', '-s', '-screen 0 1400x1000x24', program, `--port=${port}`], {
    env: environment,
    stdio: 'ignore',
    detached: true,
  });
  let session;
  t.after(async () => {
    await session?.quit();
    // The display is its child.
    process.kill(-driver.pid);
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  const address = `http://127.0.0.1:${port}`;
  await until(() => fetch(`${address}/status`).then(() => true, () => false), 'the driver of WebKit');
  session = await new Builder()
    .usingServer(address)
    .withCapabilities({
      browserName: 'MiniBrowser',
      'webkitgtk:browserOptions': { binary: browser, args: ['--automation'] },
    })
    .build();
  return new DelineoInWebKit(session, home);
}

/** The page as a person knows it: by names and roles. */
class DelineoInWebKit {
  constructor(session, folder) {
    this.session = session;
    this.folder = folder;
  }

  async open(origin) {
    await this.session.get(`${origin}/`);
    await this.watch();
  }

  async reload() {
    await this.session.navigate().refresh();
    await this.watch();
  }

  /** Opens a made file and waits for its border. */
  async segment({ name, buffer }) {
    const file = path.join(this.folder, name);
    writeFileSync(file, buffer);
    await (await this.named('input', 'Open image')).sendKeys(file);
    await until(() => this.session.executeScript(isShown, name), `the picture ${name}`);
    const button = await this.named('button', 'Export mask');
    await until(() => button.isEnabled(), `the border of ${name}`);
  }

  async setThreshold(value) {
    await this.session.executeScript(
      (slider, value) => {
        slider.value = value;
        slider.dispatchEvent(new Event('input', { bubbles: true }));
      },
      await this.named('input', 'Threshold'),
      value,
    );
  }

  async savedMask() {
    await (await this.named('button', 'Export mask')).click();
    const { name, base64 } = await until(() => this.session.executeScript(() => window.saved), 'the file');
    return { name, bytes: Buffer.from(base64, 'base64') };
  }

  async says(text) {
    await until(() => this.session.executeScript((text) => document.body.innerText.includes(text), text), text);
  }

  /** What went wrong on the page since it was opened. */
  faults() {
    return this.session.executeScript(() => window.faults);
  }

  async named(kind, name) {
    return until(async () => {
      for (const element of await this.session.findElements({ css: kind })) {
        if ((await element.getAccessibleName()) === name) return element;
      }
      return undefined;
    }, `the ${kind} “${name}”`);
  }

  /** The driver says nothing of downloads and errors, so the page keeps them. */
  async watch() {
    await this.session.executeScript(keepWhatFails);
    await this.session.executeScript(keepWhatIsSaved);
  }
}

function isShown(name) {
  return [...document.querySelectorAll('[role=img]')].some((image) => image.ariaLabel?.startsWith(name));
}

function keepWhatFails() {
  window.faults = [];
  addEventListener('error', (event) => window.faults.push(event.message));
  addEventListener('unhandledrejection', (event) => window.faults.push(String(event.reason)));
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

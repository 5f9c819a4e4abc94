// The product's own server, `cargo xtask serve --no-build`, on a free port.

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const dist = process.env.DELINEO_DIST ?? path.join(root, 'dist');

/** The script of the engine on several threads, as its name begins. */
export const THREADS_LOADER = 'engine-cpu-threads_loader-';
/** Whether that engine was built, and there is more than one processor for it. */
export const hasThreads = availableParallelism() > 1 && readdirSync(dist).some((name) => name.startsWith(THREADS_LOADER));

/**
 * A copy of the app, gone when the test ends. `edit` may give another text to files, called with name and text;
 * without `headers` its host sends none.
 */
export async function changed(t, { edit, headers = true }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'delineo-changed-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const copy = path.join(folder, 'dist');
  cpSync(dist, copy, { recursive: true });
  for (const name of edit ? readdirSync(copy).filter((file) => file.endsWith('.js')) : []) {
    const file = path.join(copy, name);
    writeFileSync(file, edit(name, readFileSync(file, 'utf8')));
  }
  if (edit) await seal(copy);
  if (!headers) rmSync(path.join(copy, '_headers'));
  return copy;
}

/** Runs a command of `cargo xtask`. */
export function xtask(args, options = {}) {
  const own = process.env.DELINEO_XTASK;
  return own
    ? spawn(own, args, { cwd: root, ...options })
    : spawn('cargo', ['xtask', ...args], { cwd: root, ...options });
}

/** Serves a folder. `stop` takes the network away for good: nothing answers any more. */
export async function serve(folder = dist, port = 0) {
  const child = xtask(['serve', '--no-build', '--dist', folder, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('http://')) {
      const stop = () => {
        child.kill();
        return gone;
      };
      return { origin: line.trim(), port: Number(new URL(line.trim()).port), stop };
    }
  }
  throw new Error('the server ended before it said where it serves');
}

/** Lists the files of a changed copy of the app anew, as a deployment does. */
export async function seal(folder) {
  const code = await new Promise((resolve) => xtask(['seal', '--dist', folder]).once('exit', resolve));
  if (code !== 0) throw new Error(`cargo xtask seal ended with ${code}`);
}

// The product's own server, `cargo xtask serve --no-build`, on a free port.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const dist = process.env.DELINEO_DIST ?? path.join(root, 'dist');

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

// Runs the browser tests: all of them, or the files named on the command line. `cargo xtask test` calls it.
//
// One file after the other: each test has the processor to itself, on which Chromium's software GPU runs too.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const names = process.argv.slice(2);
const all = readdirSync(folder).filter((name) => name.endsWith('.test.mjs')).sort();
const files = (names.length > 0 ? names : all).map((name) => path.join(folder, path.basename(name)));

const LONGEST_FILE = 15 * 60_000;

run({ files, concurrency: 1, timeout: LONGEST_FILE })
  .on('test:fail', () => {
    process.exitCode = 1;
  })
  .compose(spec)
  .pipe(process.stdout);

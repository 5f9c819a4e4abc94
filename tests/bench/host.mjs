// A host for the bench: the app, ONNX Runtime Web and the reference models on one origin, cross-origin isolated, so
// that threads may run. For first visits it sends what a real host sends, brotli, at the pace of a given line.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
/** What compression is worth it for; the others are compressed already or are random numbers. */
const COMPRESSED = ['.html', '.css', '.js', '.mjs', '.json', '.wasm', '.svg', '.webmanifest', '.onnx', '.pth', '.safetensors'];
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const CHUNK = 16 * 1024;

const compress = promisify(brotliCompress);
const making = new Map();

/** Brotli's best, kept by content because the larger files take it a minute. */
export async function compressed(file, cache) {
  const bytes = readFileSync(file);
  const kept = path.join(cache, `${createHash('sha256').update(bytes).digest('hex')}.br`);
  if (!existsSync(kept)) {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    // Several may ask while it is being made; it is made once.
    if (!making.has(kept)) making.set(kept, compress(bytes, { params }));
    const made = await making.get(kept);
    mkdirSync(cache, { recursive: true });
    writeFileSync(kept, made);
  }
  return readFileSync(kept);
}

/** Serves `folders`, a map from the first part of the path to a folder. */
export async function host(folders, cache) {
  const state = { brotli: false, bytesPerSecond: Infinity, sent: new Map(), clock: 0 };

  async function answer(request, response) {
    const url = new URL(request.url, 'http://localhost');
    const [, first, ...rest] = decodeURIComponent(url.pathname).split('/');
    const folder = folders[first] && path.resolve(folders[first]);
    const file = folder && path.join(folder, rest.join('/').replace(/(^|\/)$/, '$1index.html'));
    if (!file || !file.startsWith(folder) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    const headers = { ...ISOLATION, 'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream', 'Cache-Control': 'max-age=3600' };
    let body;
    if (state.brotli && COMPRESSED.includes(path.extname(file))) {
      body = await compressed(file, cache);
      headers['Content-Encoding'] = 'br';
    } else {
      body = readFileSync(file);
    }
    state.sent.set(url.pathname, body.length);
    response.writeHead(200, { ...headers, 'Content-Length': body.length });
    if (state.bytesPerSecond === Infinity) {
      response.end(body);
      return;
    }
    // One line for all connections: each chunk waits until those before it have gone through.
    for (let at = 0; at < body.length && !response.destroyed; at += CHUNK) {
      const chunk = body.subarray(at, at + CHUNK);
      const now = performance.now();
      state.clock = Math.max(state.clock, now) + (chunk.length / state.bytesPerSecond) * 1000;
      await new Promise((resolve) => setTimeout(resolve, state.clock - now));
      response.write(chunk);
    }
    response.end();
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      console.error(`the bench's host: ${error.message}`);
      response.destroy();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${server.address().port}`,
    /** From now on as a real host does, over a line of so many bytes a second. */
    behaveAsAHost(bytesPerSecond) {
      state.brotli = true;
      state.bytesPerSecond = bytesPerSecond;
    },
    /** What one visit downloaded: each file once, though the service worker asks again for what it keeps. */
    takeSent() {
      const total = [...state.sent.values()].reduce((sum, bytes) => sum + bytes, 0);
      state.sent.clear();
      return total;
    },
    close: () => server.close(),
  };
}

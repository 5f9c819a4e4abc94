// The page that times: both engines, each in its worker, asked in turn for the same logits of the same numbers.

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} is not there`);
  return response;
}

/** Delineo's engine through its own protocol (`web/src/protocol.rs`). */
class Delineo {
  asked = 0;
  waiting = new Map();

  static async open({ loader, device, threads, weights }) {
    const engine = new Delineo();
    engine.worker = new Worker(`delineo.worker.mjs?loader=${encodeURIComponent(loader)}`, { type: 'module' });
    await new Promise((resolve, reject) => {
      engine.listening = resolve;
      engine.fail = reject;
      engine.worker.onerror = (event) => engine.stop(`Delineo's worker: ${event.message}`);
      engine.worker.onmessage = ({ data }) => engine.hear(data);
    });
    const { answer } = await engine.ask({ Start: { device: device === 'gpu' ? 'Gpu' : 'Cpu' } });
    const { name } = answer.Started;
    if (threads > 1 && !name.endsWith(' threads')) throw new Error(`Delineo runs on one thread: ${name}`);
    const file = await (await fetched(weights)).blob();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
    engine.model = { Own: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') };
    await engine.ask({ LoadModel: { model: engine.model, name: weights } }, file);
    return engine;
  }

  async run(input, shape) {
    const { payload } = await this.ask({ Logits: { model: this.model, shape } }, input);
    return new Float32Array(payload);
  }

  probe() {
    return new Promise((resolve) => {
      this.probed = resolve;
      this.worker.postMessage({ probe: true });
    });
  }

  ask(message, payload) {
    this.asked += 1;
    const id = this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, message, payload });
    });
  }

  hear({ message, payload }) {
    if (message === 'Listening') this.listening();
    else if (message === 'Probe') this.probed(payload);
    else if (message.Fatal) this.stop(message.Fatal.message);
    else if (message.Failed) this.waiting.get(message.Failed.id).reject(new Error(message.Failed.message));
    else if (message.Answer) this.waiting.get(message.Answer.id).resolve({ ...message.Answer, payload });
  }

  stop(reason) {
    this.fail(new Error(reason));
    for (const { reject } of this.waiting.values()) reject(new Error(reason));
  }

  close() {
    this.worker.terminate();
  }
}

/** ONNX Runtime Web. */
class Onnx {
  static async open({ device, threads, model, side }) {
    const engine = new Onnx();
    engine.worker = new Worker(`onnx.worker.mjs?device=${device}&threads=${threads}`, { type: 'module' });
    await engine.answer('ready');
    const bytes = await (await fetched(model)).arrayBuffer();
    await engine.ask('load', side === 256 ? bytes : resized(new Uint8Array(bytes), side).buffer);
    return engine;
  }

  async run(input, shape) {
    const { values } = await this.ask('run', { input, shape });
    return new Float32Array(values);
  }

  probe() {
    return this.ask('probe');
  }

  ask(task, payload) {
    const answer = this.answer(task);
    this.worker.postMessage({ task, payload });
    return answer;
  }

  answer(task) {
    return new Promise((resolve, reject) => {
      this.worker.onerror = (event) => reject(new Error(`ONNX Runtime Web's worker: ${event.message}`));
      this.worker.onmessage = ({ data }) => {
        if (data.task !== task) return;
        if (data.error) reject(new Error(`ONNX Runtime Web: ${data.error}`));
        else resolve(data.answer);
      };
    });
  }

  close() {
    this.worker.terminate();
  }
}

/**
 * The model file for another square input. It fixes height and width where it declares the graph's `input` and
 * `logits`, and nowhere else: all that lies between follows from them. A declared size of 256 is the protobuf field
 * `dim { dim_value: 256 }`, whose varint has the same length up to 16383.
 */
function resized(bytes, side) {
  const SIZE = [0x0a, 0x03, 0x08, 0x80, 0x02];
  const result = bytes.slice();
  const find = (pattern, from, to) => {
    for (let at = from; at + pattern.length <= to; at += 1) {
      if (pattern.every((byte, index) => bytes[at + index] === byte)) return at;
    }
    return -1;
  };
  for (const name of ['input', 'logits']) {
    // `name: "…"`, followed by the field `type`: a value's declaration, not a node that mentions it.
    const text = [...new TextEncoder().encode(name)];
    const declaration = [0x0a, text.length, ...text, 0x12];
    const start = find(declaration, 0, bytes.length);
    const end = start + declaration.length + 1 + bytes[start + declaration.length];
    let changed = 0;
    for (let at = find(SIZE, start, end); start >= 0 && at >= 0; at = find(SIZE, at + 1, end)) {
      result.set([0x80 | (side & 0x7f), side >> 7], at + 3);
      changed += 1;
    }
    if (changed !== 2) throw new Error(`the model does not declare ${name} as 256 by 256`);
  }
  return result;
}

/** The same numbers at every visit, about as normalised images are: Marsaglia's xorshift32. */
function noise(count) {
  let state = 0x9e3779b9;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  });
}

/** Largest difference over the range of the logits. */
function difference(found, expected) {
  if (found.length !== expected.length) throw new Error(`${found.length} logits, not ${expected.length}`);
  let [worst, least, most] = [0, Infinity, -Infinity];
  expected.forEach((value, index) => {
    const error = Math.abs(value - found[index]);
    if (!(error <= worst)) worst = error;
    least = Math.min(least, value);
    most = Math.max(most, value);
  });
  return worst / (most - least);
}

/** From the design: how far two right answers may lie apart, as a part of the logits' range. */
const ALLOWED = 1e-3;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * One line of the table: first the answers are compared, then the two run in turn until there are `repeats` pairs or
 * `seconds` have passed, then each runs `run` images without a pause. Times are the page's, question to answer.
 */
export async function measure({ loader, device, threads, variant, side, repeats, seconds, run }) {
  const engines = {};
  try {
    engines.delineo = await Delineo.open({ loader, device, threads, weights: `/reference/cmunext_${variant}.pth` });
    engines.onnx = await Onnx.open({ device, threads, side, model: `/reference/cmunext_${variant}.onnx` });
    const [input, shape] = [noise(3 * side * side), [1, 3, side, side]];
    const answers = {};
    const began = performance.now();
    for (const name of ['delineo', 'onnx']) answers[name] = await engines[name].run(input, shape);
    const worst = difference(answers.delineo, answers.onnx);
    if (!(worst <= ALLOWED)) throw new Error(`the answers differ by ${worst.toExponential(2)} of their range; nothing was timed`);

    // The comparison was the first run of both. Where it took seconds, as on a software GPU, it was warm-up enough.
    const warm = performance.now() - began < 5000 ? 2 : 0;
    const times = { delineo: [], onnx: [] };
    const end = performance.now() + seconds * 1000;
    for (let pair = -warm; pair < repeats; pair += 1) {
      if (pair > 0 && performance.now() > end) break;
      // The one that goes first changes, so that neither always finds the caches of the other.
      for (const name of pair % 2 === 0 ? ['delineo', 'onnx'] : ['onnx', 'delineo']) {
        await pause(20);
        const time = await timed(() => engines[name].run(input, shape));
        if (pair >= 0) times[name].push(time);
      }
    }
    const result = { difference: worst, times, row: {}, taken: {} };
    for (const [name, engine] of Object.entries(engines)) {
      await engine.probe();
      await engine.run(input, shape);
      result.taken[name] = await engine.probe();
    }
    for (const [name, engine] of Object.entries(engines)) {
      if (run === 0) break;
      let images = 0;
      const limit = performance.now() + (seconds * 1000) / 2;
      const total = await timed(async () => {
        while (images < run && (images === 0 || performance.now() < limit)) {
          await engine.run(input, shape);
          images += 1;
        }
      });
      result.row[name] = { images, milliseconds: total / images };
    }
    return result;
  } finally {
    for (const engine of Object.values(engines)) engine.close();
  }
}

/** The adapter that WebGPU gives, in its own words; `null` where there is none. */
export async function adapter() {
  const info = (await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' }))?.info;
  return info ? [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(', ') : null;
}

// ONNX Runtime Web in a worker, as Delineo's engine is in one. `?device=gpu|cpu&threads=N` says how it runs.

import { taken } from './probe.mjs';

const options = new URL(location.href).searchParams;
const gpu = options.get('device') === 'gpu';
const ort = await import(gpu ? '/onnx/ort.webgpu.min.mjs' : '/onnx/ort.wasm.min.mjs');
ort.env.wasm.wasmPaths = '/onnx/';
ort.env.wasm.numThreads = Number(options.get('threads') ?? 1);

let session;

const tasks = {
  async load(model) {
    session = await ort.InferenceSession.create(new Uint8Array(model), {
      executionProviders: [gpu ? 'webgpu' : 'wasm'],
      graphOptimizationLevel: 'all',
    });
    return {};
  },

  async run({ input, shape }) {
    const tensor = new ort.Tensor('float32', new Float32Array(input), shape);
    const { logits } = await session.run({ input: tensor });
    // On a GPU the output is already read back: that is the default location of outputs.
    const values = logits.data.slice();
    logits.dispose();
    return { values: values.buffer };
  },

  async probe() {
    return taken();
  },
};

// Model loading and runs come one at a time, from the page.
addEventListener('message', async ({ data: { task, payload } }) => {
  try {
    const answer = await tasks[task](payload);
    postMessage({ task, answer }, answer.values ? [answer.values] : []);
  } catch (error) {
    postMessage({ task, error: String(error?.message ?? error) });
  }
});
postMessage({ task: 'ready', answer: {} });

// What a person would write who only wants a mask: load the runtime and the model, feed it an image, draw what comes.

const SIDE = 256;
const gpu = new URL(location.href).searchParams.get('device') === 'gpu';
const image = new Promise((resolve) => {
  document.querySelector('input').addEventListener('change', (event) => resolve(event.target.files[0]));
});

const ort = await import(gpu ? '/onnx/ort.webgpu.min.mjs' : '/onnx/ort.wasm.min.mjs');
ort.env.wasm.wasmPaths = '/onnx/';
const session = await ort.InferenceSession.create('/reference/cmunext_s.onnx', { executionProviders: [gpu ? 'webgpu' : 'wasm'] });
window.arrival = { ready: performance.now() };

const canvas = document.querySelector('canvas');
canvas.width = SIDE;
canvas.height = SIDE;
const context = canvas.getContext('2d', { willReadFrequently: true });
context.drawImage(await createImageBitmap(await image), 0, 0, SIDE, SIDE);
const picture = context.getImageData(0, 0, SIDE, SIDE);
const input = new Float32Array(3 * SIDE * SIDE);
for (let pixel = 0; pixel < SIDE * SIDE; pixel += 1) {
  for (let channel = 0; channel < 3; channel += 1) {
    input[channel * SIDE * SIDE + pixel] = (picture.data[4 * pixel + channel] / 255 - 0.5) / 0.25;
  }
}
const { logits } = await session.run({ input: new ort.Tensor('float32', input, [1, 3, SIDE, SIDE]) });
logits.data.forEach((logit, pixel) => {
  if (logit > 0) picture.data[4 * pixel] = 255;
});
context.putImageData(picture, 0, 0);
requestAnimationFrame(() => {
  window.arrival.mask = performance.now();
});

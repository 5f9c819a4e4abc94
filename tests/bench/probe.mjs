// Sits in a worker before an engine does and counts what the engine takes: WebAssembly memory, GPU buffers, dispatches.
//
// Both engines get the same probe, and neither knows of it. WebAssembly memory never shrinks, so its size at the end is
// its peak.

const memories = new Set();
const counts = { dispatches: 0, gpuBytes: 0, gpuPeak: 0 };

/** What was taken so far; `dispatches` since the last call. */
export function taken() {
  const wasmBytes = [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
  const answer = { wasmBytes, gpuPeakBytes: counts.gpuPeak, dispatches: counts.dispatches };
  counts.dispatches = 0;
  return answer;
}

const { Memory } = WebAssembly;

function remember(instance) {
  for (const thing of Object.values(instance.exports)) if (thing instanceof Memory) memories.add(thing);
}

// A memory that is made here and imported, as those are that several threads share.
WebAssembly.Memory = class extends Memory {
  constructor(descriptor) {
    super(descriptor);
    memories.add(this);
  }
};

for (const name of ['instantiate', 'instantiateStreaming']) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const result = await original(...args);
    remember(result.instance ?? result);
    return result;
  };
}

if (globalThis.GPUDevice) {
  for (const name of ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect']) {
    const original = GPUComputePassEncoder.prototype[name];
    GPUComputePassEncoder.prototype[name] = function (...args) {
      counts.dispatches += 1;
      return original.apply(this, args);
    };
  }
  const create = GPUDevice.prototype.createBuffer;
  const destroy = GPUBuffer.prototype.destroy;
  const alive = new WeakSet();
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = create.call(this, descriptor);
    alive.add(buffer);
    counts.gpuBytes += descriptor.size;
    counts.gpuPeak = Math.max(counts.gpuPeak, counts.gpuBytes);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    if (alive.delete(this)) counts.gpuBytes -= this.size;
    return destroy.call(this);
  };
}

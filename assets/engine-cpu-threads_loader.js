// Starts the engine that computes on several threads, and each of its threads: they are workers of this same script,
// which get the engine's module and memory from it (`web/src/engine/browser/threads.rs`). The build puts this beside the glue.

import { relaxed } from './relaxed.js';

const { default: init, run_thread } = await (relaxed ? import('./engine-cpu-threads-relaxed.js') : import('./engine-cpu-threads.js'));
const THREAD = ' thread';

if (self.name.endsWith(THREAD)) {
  self.onmessage = async ({ data }) => {
    if (data !== 'run') {
      await init(data);
      return self.postMessage('ready');
    }
    try {
      run_thread();
    } finally {
      // A thread ends only by a fault, and the engine may be waiting for it and hear nothing. The page waits for this lock.
      await navigator.locks?.request(self.name.slice(0, -THREAD.length), { steal: true }, () => {});
    }
  };
  self.postMessage('loaded');
} else {
  await init();
}

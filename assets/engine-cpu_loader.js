// Starts the engine for the CPU, in the build that suits the browser. The build puts this in the place of Trunk's script.

import { relaxed } from './relaxed.js';

const { default: init } = await (relaxed ? import('./engine-cpu-relaxed.js') : import('./engine-cpu.js'));

await init();

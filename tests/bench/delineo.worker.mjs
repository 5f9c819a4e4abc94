// Delineo's engine as it is shipped, with the probe before it. `?loader=` names its script.

import { taken } from './probe.mjs';

// The engine takes over `onmessage`, so the probe's question is heard before it and goes no further.
addEventListener('message', (event) => {
  if (event.data?.probe !== true) return;
  event.stopImmediatePropagation();
  postMessage({ message: 'Probe', payload: taken() });
});

await import(new URL(location.href).searchParams.get('loader'));

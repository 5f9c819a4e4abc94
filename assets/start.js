// Starts the page; `cargo xtask build` fills in the names. On a first visit it also sends for what the engine will ask
// for, so that the line is not idle while the page's code is compiled. The browser keeps what arrives and hands it over
// when it is asked for. Nothing depends on that: what fails here is fetched by whoever needs it.
import init from './__PAGE__';

const wasm = fetch(new URL('__WASM__', import.meta.url), { integrity: '__INTEGRITY__' });
if (!navigator.serviceWorker?.controller) {
  // The page itself comes first. What comes next is known by then: when the page's code starts, scripts wait for it.
  const page = wasm.then((response) => receive(response.clone()));
  Promise.all([engineForCpu(), weights(), page])
    .then(([engine, models]) => sendForAll(engine, models))
    .catch(() => {});
}
await init({ module_or_path: wasm });

/**
 * The CPU's engine and the model to begin with share the line; the other models, one of which the first picture may need,
 * follow, and then the GPU's engine, for which nobody waits.
 */
async function sendForAll(engine, [first, ...others]) {
  await Promise.all([...engine, first].map(sendFor));
  for (const file of others) await sendFor(file);
  if (await hasGpu()) await Promise.all(['engine_bg.wasm', 'engine.js', 'engine_loader.js'].map(sendFor));
}

async function hasGpu() {
  return asked('device') !== 'cpu' && Boolean(await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' }));
}

/** What the loaders choose. */
async function engineForCpu() {
  const { relaxed } = await import('./relaxed.js');
  const one = relaxed ? ['engine-cpu-relaxed_bg.wasm', 'engine-cpu-relaxed.js'] : ['engine-cpu_bg.wasm', 'engine-cpu.js'];
  const several = relaxed
    ? ['engine-cpu-threads-relaxed_bg.wasm', 'engine-cpu-threads-relaxed.js']
    : ['engine-cpu-threads_bg.wasm', 'engine-cpu-threads.js'];
  return mayShareMemory() ? ['engine-cpu-threads_loader.js', ...several] : ['engine-cpu_loader.js', ...one];
}

/** As the page asks itself (`web/src/page/engine.rs`). */
function mayShareMemory() {
  const isBuilt = document.querySelector('meta[name=engine-cpu-threads]') !== null;
  return isBuilt && crossOriginIsolated && 'waitAsync' in Atomics && navigator.hardwareConcurrency > 1;
}

/**
 * The weights of the site's models, of the one to begin with first. Where each of a model's modalities has one of its own
 * before it in the list, it is for those who choose it.
 */
async function weights() {
  const ids = await (await fetch('models/index.json')).json();
  const models = await Promise.all(ids.map(async (id) => ({ id, ...(await (await fetch(`models/${id}/model.json`)).json()) })));
  const isAsked = ({ id }) => id === asked('model');
  const covered = new Set();
  const isPreferred = ({ modalities = [] }) => {
    const isNew = modalities.length === 0 || modalities.some((name) => !covered.has(name));
    if (modalities.length === 1) covered.add(modalities[0]);
    return isNew;
  };
  const ordered = [...models.filter(isAsked), ...models.filter(isPreferred).filter((model) => !isAsked(model))];
  return ordered.map(({ id, weights }) => `models/${id}/${weights.file}`);
}

async function sendFor(file) {
  await receive(await fetch(file));
}

function receive({ body }) {
  return body.pipeTo(new WritableStream());
}

function asked(name) {
  return new URLSearchParams(location.search).get(name);
}

// Starts the page, or says why it cannot; `cargo xtask build` fills in the names. On a first visit it also sends for what
// the engine will ask for, so that the line is not idle while the page's code is compiled. The browser keeps what arrives
// and hands it over when it is asked for. Nothing depends on that: what fails here is fetched again when it is needed.
const PAGE = './__PAGE__';
const WASM = '__WASM__';

/** What went wrong, in a sentence for the person. */
class Fault extends Error {}

try {
  await start();
} catch (error) {
  await report(error);
}

async function start() {
  if (typeof WebAssembly === 'undefined') {
    throw new Fault('This browser does not run WebAssembly, which Delineo computes with. A setting such as Lockdown Mode may have turned it off.');
  }
  const wasm = fetch(addressOf(WASM), { integrity: '__INTEGRITY__' });
  // It has failed for certain only when it is awaited.
  wasm.catch(() => {});
  if (!navigator.serviceWorker?.controller) {
    // The page itself comes first. What comes next is known by then: when the page's code starts, scripts wait for it.
    const page = wasm.then((response) => receive(response.clone()));
    Promise.all([engineForCpu(), weights(), page])
      .then(([engine, models]) => sendForAll(engine, models))
      .catch(() => {});
  }
  const { default: init } = await import(PAGE).catch((error) => blame(PAGE, error));
  const response = await wasm.catch((error) => blame(WASM, error));
  if (!response.ok) await blame(WASM);
  await init({ module_or_path: response });
}

/** Says in the place of the page why there is none. */
async function report(error) {
  console.error(error);
  const boot = document.getElementById('boot');
  if (!boot) return;
  const sentence = document.createElement('p');
  sentence.setAttribute('role', 'alert');
  sentence.className = 'boot-fault';
  sentence.textContent = reasonOf(error);
  const again = document.createElement('button');
  again.type = 'button';
  again.className = 'button outline';
  again.textContent = 'Try again';
  again.addEventListener('click', () => location.reload());
  boot.querySelector('.boot-late')?.remove();
  boot.append(sentence, again);
}

function reasonOf(error) {
  if (error instanceof Fault) return error.message;
  // Code that does not parse has come whole: files are checked against their hash.
  const isTooOld = error instanceof SyntaxError || error instanceof WebAssembly.CompileError;
  return isTooOld ? 'This browser is too old: Delineo needs one from 2023 or later.' : `Delineo could not start: ${error.message}`;
}

/** Throws what is wrong with a file that could not be loaded: the browser itself does not tell. */
async function blame(file, error) {
  if (error instanceof SyntaxError) throw error;
  const response = await fetch(addressOf(file)).catch(() => undefined);
  if (!response) throw new Fault('Delineo could not be loaded: the network cannot be reached.');
  if (response.ok) throw new Fault(`Delineo could not be loaded: ${file}, or what it needs, arrived damaged.`);
  // The service worker's own sentence.
  if (response.status === 503) throw new Fault(`Delineo could not be loaded: ${await response.text()}`);
  throw new Fault(`Delineo could not be loaded: the server has no ${file} (status ${response.status}).`);
}

function addressOf(file) {
  return new URL(file, import.meta.url);
}

/**
 * The CPU's engine and the model to begin with share the line; the other models, one of which the first picture may need,
 * follow, and then the GPU's engine, which is not waited for.
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

/** As the page asks itself (`web/src/shell/address.rs`). */
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

// The engine's worker: fetched and compiled once, then started from memory as often as need be.

import { get, unexpected } from "./causes.js";

let module;
let script;

// Fetches the script and waits for the module, which src/ui/js/start.js fetches; then forbids the page every further request,
// also where something did not load. The worker is made from a blob afterwards, so that it inherits the lock; one from a URL
// would not. Throws a sentence that names the cause.
export async function loadEngine() {
  try {
    const [source, compiled] = await Promise.all([
      get(/** @type {HTMLLinkElement} */ (document.getElementById("engine-script")).href).then((response) => response.text()),
      window.engineModule.then((bytes) => WebAssembly.compile(bytes)),
    ]);
    module = compiled;
    const boot = "\nself.onmessage = (event) => { self.onmessage = null; wasm_bindgen({ module_or_path: event.data }); };\n";
    script = URL.createObjectURL(new Blob([source, boot], { type: "text/javascript" }));
  } catch (error) {
    throw error?.isCause ? error.message : unexpected(error);
  } finally {
    lock();
  }
}

// The strictest policy under which the page works: the module is compiled for a worker from memory, and nothing else is loaded.
// It adds to that of index.html; both hold.
const LOCK = "default-src 'none'; script-src 'wasm-unsafe-eval'; worker-src blob:; img-src data:; style-src 'none'; form-action 'none'; base-uri 'none'";

function lock() {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = LOCK;
  document.head.append(policy);
  document.documentElement.dataset.locked = "";
}

export function startWorker(onMessage, onError) {
  const worker = new Worker(script);
  worker.onmessage = (event) => onMessage(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    onError();
  };
  worker.postMessage(module);
  return worker;
}

export function ask(worker, request) {
  worker.postMessage(request);
}

export function stopWorker(worker) {
  worker.onmessage = null;
  worker.onerror = null;
  worker.terminate();
}

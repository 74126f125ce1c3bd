// The engine's worker: fetched and compiled once, then started from memory as often as need be.

const hooks = location.hash === "#test-hooks";
let module;
let script;

// Fetches the script and waits for the module, which src/ui/js/start.js fetches; then forbids the page every further connection. The worker is made
// from a blob afterwards, so that it inherits the lock; one from a URL would not.
export async function loadEngine() {
  const [source, compiled] = await Promise.all([
    fetch(document.getElementById("engine-script").href).then((response) => response.text()),
    window.engineModule.then((bytes) => WebAssembly.compile(bytes)),
  ]);
  module = compiled;
  const boot = "\nself.onmessage = (event) => { self.onmessage = null; wasm_bindgen({ module_or_path: event.data }); };\n";
  script = URL.createObjectURL(new Blob([source, boot], { type: "text/javascript" }));
  lock();
}

function lock() {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "connect-src 'none'";
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
  if (hooks) {
    // For the tests: the engine breaks as it would on a file nobody thought of.
    addEventListener("compose-playground:break", (event) => worker.postMessage(`break: ${event.detail}`));
  }
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

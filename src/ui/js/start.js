// The page's start, inline in index.html: scripts/finish.mjs puts it there, with names and sizes.
//
// The page's module and the engine's lie in one file: half of what programs are made of is the same in
// both, and what compresses them finds it; so it does when they are sorted first (modules.js). It is called
// `.wasm`, though no browser would read it, for servers compress what is called so. The page starts once its
// own part is there.
import init from "{{app}}";
import { cause, get } from "./causes.js";
import { unpack } from "./modules.js";

const [pageSize, size] = [Number("{{pageSize}}"), Number("{{size}}")];
const bytes = new Uint8Array(size);
let givePage;
let refusePage;
const page = new Promise((give, refuse) => ([givePage, refusePage] = [give, refuse]));
let isStarted = false;

async function receive() {
  const response = await get("{{modules}}");
  if (!response.body) throw cause("The browser reads no response in parts. Use a newer one.");
  const reader = response.body.getReader();
  let received = 0;
  for (let part; !(part = await reader.read()).done; ) {
    bytes.set(part.value, received);
    received += part.value.length;
    if (received >= pageSize && !isStarted) {
      isStarted = true;
      givePage(unpack(bytes.subarray(0, pageSize)));
    }
  }
  if (received < size) throw cause("The connection ended before the engine had loaded. Reload the page.");
  return unpack(bytes.subarray(pageSize));
}

window.engineModule = receive();
// Once the page is there, it says by itself what became of the engine.
window.engineModule.catch(refusePage);
try {
  await init({ module_or_path: await page });
  window.composeStart.done();
} catch (error) {
  window.composeStart.failed(error);
}

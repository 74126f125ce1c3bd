// The page's start, inline in index.html: scripts/finish.mjs puts it there, with names and sizes.
//
// The page's module and the engine's lie in one file: half of what programs are made of is the same in
// both, and what compresses them finds it; so it does when they are sorted first (modules.js). It is called
// `.wasm`, though no browser would read it, for servers compress what is called so. The page starts once its
// own part is there.
import init from "{{app}}";
import { unpack } from "./modules.js";

const [pageSize, size] = [{{pageSize}}, {{size}}];
const bytes = new Uint8Array(size);
let givePage;
const page = new Promise((give) => (givePage = give));
let isStarted = false;

async function receive() {
  const response = await fetch("{{modules}}");
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
  if (received < size) throw new Error("The engine's module is not all there.");
  return unpack(bytes.subarray(pageSize));
}

window.engineModule = receive();
window.engineModule.catch(() => {
  // The page says it by itself once it is there.
  if (!isStarted) document.querySelector("#app .note").textContent = "The page did not load. Reload it to try again.";
});
init({ module_or_path: await page });

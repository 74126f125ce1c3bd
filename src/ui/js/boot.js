// A classic script, inline in index.html, that needs nothing else to load: it says why the page does not start, and keeps
// what is typed meanwhile.

import "./guard.js";
import { FROM_DISK, NO_WEBASSEMBLY, SANDBOXED, SLOW, notLoaded, unexpected, words } from "./causes.js";
import { CURRENT, DRAFT, EARLY, isKept } from "./keys.js";

const PATIENCE_MS = 20_000;
/** An element of index.html, which has them all. @param {string} id @returns {any} */
const find = (id) => document.getElementById(id);
const early = { text: "", at: 0, focused: false };
let cause = "";

// For src/ui/js/start.js and the page.
window.composeStart = {
  early,
  /** Names the cause; the first one counts, `SLOW` gives way to any. */
  /** @param {any} error */
  failed(error) {
    if (cause && cause !== SLOW) return;
    cause = typeof error === "string" ? error : error?.isCause ? error.message : unexpected(error);
    whenRead(show);
  },
  done() {
    clearTimeout(timer);
  },
};
const { failed } = window.composeStart;

const timer = setTimeout(() => failed(SLOW), PATIENCE_MS);
// The style sheet shows it after a while where not even this script may run.
whenRead(() => find("late")?.remove());

if (location.protocol === "file:") failed(FROM_DISK);
else if (typeof WebAssembly !== "object") failed(NO_WEBASSEMBLY);

// The error event of a file does not bubble, and does not name the cause.
addEventListener("error", async (event) => {
  const target = /** @type {any} */ (event.target);
  const why = async (url) => notLoaded(url, await fetch(url).catch(() => undefined));
  if (target?.rel === "stylesheet") {
    const sentence = await why(target.href);
    whenRead(() => sentence && document.body.prepend(words(`The page has no styles. ${sentence}`)));
  }
  if (target?.tagName !== "SCRIPT") return;
  if (origin === "null") return failed(SANDBOXED);
  const found = await Promise.all(["{{app}}", "{{snippet}}"].map(why));
  failed(found.find(Boolean) ?? new Error("a script of the page did not start"));
}, true);

document.addEventListener("input", ({ target }) => {
  if (!(target instanceof HTMLTextAreaElement) || target.id !== "early") return;
  Object.assign(early, { text: target.value });
  try {
    if (isKept()) localStorage.setItem(EARLY, target.value);
  } catch {
    // It is in the field.
  }
});
document.addEventListener("selectionchange", () => {
  const field = document.activeElement;
  early.focused = field?.id === "early";
  if (field instanceof HTMLTextAreaElement) early.at = field.selectionStart;
});

function show() {
  const strip = find("start-failed");
  if (!strip) return;
  find("start-title").textContent = cause === SLOW ? "The page has not started." : "The checker did not start.";
  find("start-cause").replaceChildren(words(cause));
  strip.hidden = false;
  find("getting-ready").textContent = cause === SLOW ? "Getting ready…" : "Checks are not available.";
  find("start-again").onclick = () => location.reload();
  find("start-download").onclick = download;
  const field = find("early");
  if (!field.value) field.value = keptText();
}

function whenRead(act) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", act, { once: true });
  else act();
}

/** The first file of the draft that would have been opened. */
function keptText() {
  try {
    const early = localStorage.getItem(EARLY);
    if (early) return early;
    const [, id] = /^draft:(.*)$/.exec(sessionStorage.getItem(CURRENT) ?? localStorage.getItem(CURRENT) ?? "") ?? [];
    return JSON.parse(localStorage.getItem(DRAFT + id) ?? "").files[0].text;
  } catch {
    return "";
  }
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([find("early").value], { type: "text/plain" }));
  link.download = "compose.yaml";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

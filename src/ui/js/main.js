// What the page asks of the browser beyond what Rust reaches comfortably. Bundled by esbuild into one
// file without imports, which is all a wasm-bindgen snippet may be.
export * from "./drafts.js";
export * from "./editor.js";
export * from "./engine.js";
export * from "./files.js";
import "./popover.js";

// What a first visit loads, part by part, as a server with brotli sends it. Too much fails.
import { readFileSync, readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

/** KB of brotli. */
const BUDGETS = { modules: 430, editor: 125, all: 560 };

const dist = process.argv[2] ?? "dist";
let files;
try {
  files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((it) => it.isFile());
} catch {
  console.error(`There is no ${dist}: run make build first.`);
  process.exit(2);
}

const parts = new Map();
for (const file of files) {
  const path = join(file.parentPath ?? file.path, file.name);
  const bytes = readFileSync(path);
  const packed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  const part = parts.get(partOf(path)) ?? { raw: 0, packed: 0 };
  parts.set(partOf(path), { raw: part.raw + bytes.length, packed: part.packed + packed.length });
}
parts.set("all", [...parts.values()].reduce((sum, it) => ({ raw: sum.raw + it.raw, packed: sum.packed + it.packed })));

let over = 0;
for (const [name, { raw, packed }] of parts) {
  const budget = BUDGETS[name];
  const isOver = budget !== undefined && packed / 1000 > budget;
  over += isOver;
  console.log(`${name.padEnd(12)} ${kilobytes(raw)} raw ${kilobytes(packed)} brotli${budget ? `, budget ${budget} KB` : ""}${isOver ? "  OVER" : ""}`);
}
process.exit(over > 0 ? 1 : 0);

function partOf(path) {
  if (path.endsWith(".wasm")) return "modules";
  if (path.includes("snippets")) return "editor";
  return { ".js": "glue", ".css": "styles", ".html": "html" }[extname(path)] ?? "other";
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1).padStart(7)} KB`;
}

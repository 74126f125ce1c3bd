// Modules as src/ui/js/modules.js unpacks them.
import { CODE, FUNCTION, PAIR, STREAMS, TYPE, read, recency, walk, write } from "../src/ui/js/modules.js";

// More find nothing more.
const PAIRS = 32;

/**
 * The same module, only that more of it is alike: functions of one type follow each other, the long ones first,
 * and locals are numbered in the order of their use. `rename` gives each name that is imported or exported.
 */
export function arrange(module, rename) {
  const { types, lengths } = look(module);
  const sorted = [...types.keys()].sort((a, b) => types[a] - types[b] || lengths[b] - lengths[a] || a - b);
  const imported = WebAssembly.Module.imports(new WebAssembly.Module(module)).length;
  const functions = [...Array(imported).keys()];
  sorted.forEach((old, i) => (functions[imported + old] = imported + i));

  let at = 0;
  /** @type {number[]} */
  let out = [];
  const take = () => module[at++];
  const put = (byte) => out.push(byte);
  let given = -imported;
  let depth = 0;
  let bodies;
  let names;
  let locals;
  let parameters;
  walk(module.length, {
    at: () => at,
    next: () => 0,
    byte() {
      put(module[at]);
      return take();
    },
    number(stream) {
      const value = read(take);
      if (stream === FUNCTION) write(functions[value], put);
      else if (stream === TYPE && given++ >= 0) write(types[sorted[given - 1]], put);
      else write(value, put);
      return value;
    },
    name() {
      const length = read(take);
      const name = Buffer.from(rename(Buffer.from(module.subarray(at, (at += length))).toString()));
      write(name.length, put);
      name.forEach(put);
    },
    local() {
      const local = read(take);
      if (!names.includes(local)) names.push(local);
      write(names.indexOf(local), put);
    },
    declare(all, count) {
      locals = all;
      parameters = count;
      names = [...Array(count).keys()];
      // The declarations that were, which end here; others are written once the order is known.
      out.length = 0;
    },
    // A section, or a function in one. Functions wait until all are there.
    sized(part) {
      read(take);
      const outer = out;
      out = [];
      depth += 1;
      if (depth === 1) bodies = [];
      part();
      depth -= 1;
      const isFunction = depth === 1;
      const content = isFunction ? [...declarations(), ...out] : [...out, ...sorted.flatMap((old) => bodies[old] ?? [])];
      const size = [];
      write(content.length, (it) => size.push(it));
      out = outer;
      if (isFunction) bodies.push([...size, ...content]);
      else for (const it of [size, content].flat()) put(it);
    },
  });
  return Uint8Array.from(out);

  function declarations() {
    const rest = [...locals.keys()].filter((it) => !names.includes(it));
    const groups = [];
    for (const local of [...names, ...rest].slice(parameters)) {
      const last = groups.at(-1);
      if (last?.type === locals[local]) last.count += 1;
      else groups.push({ count: 1, type: locals[local] });
    }
    const res = [];
    write(groups.length, (it) => res.push(it));
    for (const { count, type } of groups) {
      write(count, (it) => res.push(it));
      res.push(type);
    }
    return res;
  }
}

/** The streams of each module, one behind the other; in front of them how long they are. */
export function pack(modules) {
  const all = modules.map((module) => split(module, split(module, [])[CODE]));
  const pairs = abbreviate(all.map((streams) => streams[CODE]));
  return all.map((streams, i) => {
    streams[PAIR] = pairs;
    const header = [];
    for (const size of [modules[i].length, ...streams.map((it) => it.length)]) write(size, (it) => header.push(it));
    return Uint8Array.from([header, ...streams].flat());
  });
}

/** Of each function, the number of its type, and how long it is. */
function look(module) {
  let at = 0;
  const take = () => module[at++];
  const types = [];
  const lengths = [];
  let depth = 0;
  const nothing = () => {};
  walk(module.length, {
    at: () => at,
    byte: take,
    next: () => 0,
    local: () => read(take),
    declare: nothing,
    number(stream) {
      const value = read(take);
      if (stream === TYPE) types.push(value);
      return value;
    },
    sized(part) {
      const length = read(take);
      if (depth === 1) lengths.push(length);
      depth += 1;
      part();
      depth -= 1;
    },
  });
  return { types: types.slice(types.length - lengths.length), lengths };
}

/** The streams of a module. The codes of its instructions must be known to tell constants apart. */
function split(module, codes) {
  const streams = Array.from({ length: STREAMS }, () => /** @type {number[]} */ ([]));
  const { declare, placeOf, use } = recency();
  let at = 0;
  const take = () => module[at++];
  walk(module.length, {
    at: () => at,
    next: () => codes[streams[CODE].length] ?? 0,
    declare,
    byte(stream) {
      streams[stream].push(module[at]);
      return take();
    },
    local(stream) {
      const local = read(take);
      const place = placeOf(stream, local);
      write(place, (it) => streams[stream].push(it));
      use(stream, place);
    },
    sized(part) {
      read(take);
      part();
    },
  });
  return streams;
}

/** Writes what often follows each other as one code that no instruction has; says which stands for what. */
function abbreviate(all) {
  const used = new Set(all.flat());
  const unused = [...Array(256).keys()].filter((it) => !used.has(it)).reverse();
  return unused.slice(0, PAIRS).flatMap((code) => {
    const counts = new Uint32Array(1 << 16);
    for (const codes of all) for (let i = 1; i < codes.length; i += 1) counts[codes[i - 1] * 256 + codes[i]] += 1;
    const best = counts.indexOf(counts.reduce((a, b) => Math.max(a, b)));
    const pair = [best >> 8, best & 255];
    for (const codes of all) {
      let end = 0;
      for (let i = 0; i < codes.length; i += 1) {
        const isPair = codes[i] === pair[0] && codes[i + 1] === pair[1];
        codes[end++] = isPair ? code : codes[i];
        if (isPair) i += 1;
      }
      codes.length = end;
    }
    return [code, ...pair];
  });
}

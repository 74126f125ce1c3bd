// A WebAssembly module, sorted: what is of one kind, such as all operation codes or all constants in front of
// an addition, lies together. Compressors find much more in that than in what they lie between each other as: it
// saves a seventh of the modules. Nothing is lost, `unpack` gives back each byte of what scripts/pack.mjs packed.
//
// Instructions are those of the binary format (https://webassembly.github.io/spec/core/binary/instructions.html)
// that Rust's compiler writes; others make `walk` throw.

// What a read local is called, and what a written one; offsets of loads, and of stores. A constant's stream is
// `CONSTANT` and the code of the instruction that follows it.
export const [OTHER, PAIR, CODE, SIZE, TYPE, READ, WRITTEN, FUNCTION, LONG, FLOAT, LOADED, STORED, LABEL, INDEX, CONSTANT] = Array(15).keys();
export const STREAMS = CONSTANT + 256;

/** The operands of an instruction, by its code: a stream for each number, as long as it is. */
function operandsOf(code) {
  if (code >= 0x02 && code <= 0x04) return [CODE];
  if (code === 0x0c || code === 0x0d) return [LABEL];
  if (code === 0x10 || code === 0x12 || code === 0xd2) return [FUNCTION];
  if (code === 0x11 || code === 0x13) return [INDEX, INDEX];
  if ((code >= 0x23 && code <= 0x26) || code === 0x3f || code === 0x40 || code === 0xd0) return [INDEX];
  if (code >= 0x28 && code <= 0x35) return [CODE, LOADED];
  if (code >= 0x36 && code <= 0x3e) return [CODE, STORED];
  return [];
}

/** The same of those that begin with 0xfc: conversions, and what works on memories and tables. */
function moreOperandsOf(code) {
  if (code < 8) return [];
  return [8, 10, 12, 14].includes(code) ? [INDEX, INDEX] : [INDEX];
}

// Plain tables: there are half a million instructions, and the page waits for them.
const NONE = 255;
const [firsts, seconds] = [0, 1].map((at) => Uint8Array.from({ length: 256 }, (_, code) => operandsOf(code)[at] ?? NONE));

/** A number as modules write it, seven bits a byte. */
export function read(take) {
  let value = 0;
  for (let shift = 0, more = true; more; shift += 7) {
    const part = take();
    value += (part & 127) * 2 ** shift;
    more = part > 127;
  }
  return value;
}

export function write(value, put) {
  for (; value > 127; value = Math.floor(value / 128)) put((value & 127) | 128);
  put(value);
}

/**
 * Goes through a module of `size` bytes. `byte(stream)` hands over the next byte, which belongs to that stream, as
 * `number` and `local` do with whole numbers; `sized(part)` is called for what has its size in front, `declare` with
 * the types of a function's locals; `next` says the code of the instruction that follows.
 * @typedef {{
 *   at: () => number, byte: (stream: number) => number, next: () => number, local: (stream: number) => void,
 *   declare: (locals: number[], parameters: number) => void, sized: (part: () => void) => void,
 *   number?: (stream: number) => number, name?: () => void,
 * }} Visitor
 * @param {number} size
 * @param {Visitor} visitor
 */
export function walk(size, { at, byte, next, local, declare, sized, number, name }) {
  const types = [];
  const functions = [];
  const times = (count, act) => {
    for (; count > 0; count -= 1) act();
  };
  const bytes = (stream, count) => times(count, () => byte(stream));
  number ??= (stream) => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const part = byte(stream);
      value += (part & 127) * 2 ** shift;
      if (part < 128) return value;
    }
  };
  const text = () => bytes(OTHER, number(OTHER));
  name ??= text;
  const signed = (stream) => {
    while (byte(stream) > 127);
  };
  const instruction = () => {
    const code = byte(CODE);
    if (code === 0x0e) times(number(LABEL) + 1, () => number(LABEL));
    else if (code === 0x1c) times(number(INDEX), () => number(INDEX));
    else if (code === 0x20) local(READ);
    else if (code === 0x21 || code === 0x22) local(WRITTEN);
    else if (code === 0x41) signed(CONSTANT + next());
    else if (code === 0x42) signed(LONG);
    else if (code === 0x43) bytes(FLOAT, 4);
    else if (code === 0x44) bytes(FLOAT, 8);
    else if (code > 0xfc) throw new Error(`no instruction ${code} is known`);
    else if (code === 0xfc) moreOperandsOf(number(CODE)).forEach(number);
    else if (firsts[code] !== NONE) {
      number(firsts[code]);
      if (seconds[code] !== NONE) number(seconds[code]);
    }
    return code;
  };
  const list = (act) => sized(() => times(number(SIZE), act));
  const sections = {
    1: () =>
      list(() => {
        if (byte(OTHER) !== 0x60) throw new Error("a type is not a function's");
        const type = [];
        times(number(OTHER), () => type.push(byte(OTHER)));
        bytes(OTHER, number(OTHER));
        types.push(type);
      }),
    2: () =>
      list(() => {
        name();
        name();
        if (byte(OTHER) !== 0) throw new Error("what is imported is no function");
        number(TYPE);
      }),
    3: () => list(() => functions.push(types[number(TYPE)])),
    7: () =>
      list(() => {
        name();
        number(byte(OTHER) === 0 ? FUNCTION : INDEX);
      }),
    9: () =>
      list(() => {
        const kind = number(OTHER);
        if (kind !== 0) throw new Error(`no elements of kind ${kind} are known`);
        while (instruction() !== 0x0b);
        times(number(OTHER), () => number(FUNCTION));
      }),
    10: () => {
      const bodies = functions.values();
      list(() => {
        const locals = [...bodies.next().value];
        const parameters = locals.length;
        sized(() => {
          times(number(SIZE), () => {
            const count = number(SIZE);
            const type = byte(SIZE);
            times(count, () => locals.push(type));
          });
          declare(locals, parameters);
          for (let depth = 1; depth > 0; ) {
            const code = instruction();
            depth += code === 0x0b ? -1 : code >= 0x02 && code <= 0x04 ? 1 : 0;
          }
        });
      });
    },
  };
  bytes(OTHER, 8);
  while (at() < size) (sections[byte(OTHER)] ?? text)();
}

/**
 * Locals by when they were used: the last is 0. What writes may mean a local that nothing used yet, the first of
 * which is 0, and the last that was used 1.
 */
export function recency() {
  let order;
  let fresh;
  return {
    declare(locals, parameters) {
      order = [...locals.keys()];
      fresh = parameters;
    },
    placeOf(stream, local) {
      const place = order.indexOf(local);
      return stream === READ ? place : local === fresh ? 0 : place + 1;
    },
    /** The local that is meant, which is the last that was used then. */
    use(stream, said) {
      let place = stream === READ ? said : said === 0 ? order.indexOf(fresh) : said - 1;
      const local = order[place];
      for (; place > 0; place -= 1) order[place] = order[place - 1];
      order[0] = local;
      if (local >= fresh) fresh = local + 1;
      return local;
    },
  };
}

export function unpack(packed) {
  let end = 0;
  const header = () => packed[end++];
  const module = new Uint8Array(read(header));
  const counts = Array.from({ length: STREAMS }, () => read(header));
  const streams = counts.map((count) => packed.subarray(end, (end += count)));
  const spelled = Array.from({ length: 256 }, (_, code) => [code]);
  for (let i = 0; i < streams[PAIR].length; i += 3) {
    const [code, first, second] = streams[PAIR].subarray(i, i + 3);
    spelled[code] = [...spelled[first], ...spelled[second]];
  }
  const codes = new Uint8Array(module.length);
  let length = 0;
  for (let i = 0; i < streams[CODE].length; i += 1) {
    const codesOfIt = spelled[streams[CODE][i]];
    for (let j = 0; j < codesOfIt.length; j += 1) codes[length++] = codesOfIt[j];
  }
  streams[CODE] = codes;
  const places = new Uint32Array(STREAMS);
  const take = (stream) => streams[stream][places[stream]++];
  const { declare, use } = recency();
  let at = 0;
  const put = (byte) => (module[at++] = byte);
  walk(module.length, {
    at: () => at,
    byte: (stream) => put(take(stream)),
    next: () => codes[places[CODE]],
    declare,
    local(stream) {
      let said = take(stream);
      if (said > 127) said += (take(stream) - 1) * 128;
      write(use(stream, said), put);
    },
    sized(part) {
      const start = at;
      part();
      const size = at - start;
      let length = 1;
      for (let rest = size; rest > 127; rest >>= 7) length += 1;
      module.copyWithin(start + length, start, at);
      at = start;
      write(size, put);
      at += size;
    },
  });
  return module;
}

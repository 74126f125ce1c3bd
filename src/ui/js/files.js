// Copying and downloading.

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without permission, in an embedded page: the old way.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** What nobody can guess, in hexadecimal digits or Base64. */
export function makeSecret(bytes, isHex) {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  const digits = () => Array.from(random, (it) => it.toString(16).padStart(2, "0")).join("");
  return isHex ? digits() : btoa(String.fromCharCode(...random));
}

/** `content` is a text or a blob. */
export function download(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: "text/plain" }));
  link.download = name.split("/").pop();
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Several files, `[path, text, path, text, …]`, as one archive. */
export function downloadAll(name, files) {
  const pairs = files.flatMap((path, index) => (index % 2 ? [] : [[path, new TextEncoder().encode(files[index + 1])]]));
  download(name, zip(pairs));
}

/** The files as they are, one behind the other, and a list of them at the end (PKWARE's APPNOTE.TXT, 4.3). */
function zip(files) {
  const parts = [];
  const list = [];
  let offset = 0;
  for (const [path, bytes] of files) {
    const name = new TextEncoder().encode(path);
    // Version 2.0, names in UTF-8, nothing compressed, first of January 1980.
    const common = [u16(20), u16(0x800), u16(0), u16(0), u16(33), u32(checksum(bytes)), u32(bytes.length), u32(bytes.length)];
    const local = [u32(0x04034b50), ...common, u16(name.length), u16(0), name, bytes];
    list.push(u32(0x02014b50), u16(20), ...common, u16(name.length), u16(0), u16(0), u16(0), u16(0), u32(0), u32(offset), name);
    parts.push(...local);
    offset += size(local);
  }
  const end = [u32(0x06054b50), u16(0), u16(0), u16(files.length), u16(files.length), u32(size(list)), u32(offset), u16(0)];
  return new Blob([...parts, ...list, ...end], { type: "application/zip" });
}

function size(parts) {
  return parts.reduce((sum, it) => sum + it.length, 0);
}

function u16(number) {
  return new Uint8Array([number, number >> 8]);
}

function u32(number) {
  return new Uint8Array([number, number >> 8, number >> 16, number >> 24]);
}

/** CRC-32, bit by bit: the files are small. */
function checksum(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

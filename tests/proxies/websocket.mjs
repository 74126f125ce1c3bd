// As much of RFC 6455 as an echo needs, for both ends: the handshake's proof and whole frames.

import { createHash, randomBytes } from "node:crypto";

export const TEXT = 1;
export const CLOSE = 8;

/** What a server must answer to a client's `Sec-WebSocket-Key`. */
export function proofFor(key) {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** One whole message; a client's is masked. */
export function frame(opcode, payload, masked) {
  const length =
    payload.length < 126
      ? Buffer.of(payload.length)
      : payload.length < 65536
        ? Buffer.of(126, payload.length >> 8, payload.length & 255)
        : Buffer.concat([Buffer.of(127, 0, 0, 0, 0), uint32(payload.length)]);
  if (!masked) return Buffer.concat([Buffer.of(0x80 | opcode), length, payload]);
  length[0] |= 0x80;
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.of(0x80 | opcode), length, mask, xor(payload, mask)]);
}

/** Calls `onMessage(opcode, payload)` for every whole frame that a socket brings. */
export function readFrames(socket, head, onMessage) {
  let pending = head;
  const read = () => {
    for (let message; (message = firstFrame(pending)); ) {
      pending = pending.subarray(message.end);
      onMessage(message.opcode, message.payload);
    }
  };
  socket.on("data", (data) => {
    pending = Buffer.concat([pending, data]);
    read();
  });
  read();
}

function firstFrame(bytes) {
  if (bytes.length < 2) return;
  const short = bytes[1] & 0x7f;
  let start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) return;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const isMasked = (bytes[1] & 0x80) !== 0;
  if (isMasked) start += 4;
  const end = start + length;
  if (bytes.length < end) return;
  const payload = bytes.subarray(start, end);
  return { opcode: bytes[0] & 0x0f, payload: isMasked ? xor(payload, bytes.subarray(start - 4, start)) : payload, end };
}

function xor(payload, mask) {
  return payload.map((byte, index) => byte ^ mask[index % 4]);
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

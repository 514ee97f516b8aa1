/** Message bytes that leave a client are masked; a mask of zeros changes nothing. */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = frameHeader(payload.length, 0x80);
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}

/** As a server writes it. */
export function serverFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([frameHeader(payload.length, 0), payload]);
}

function frameHeader(length: number, mask: 0 | 0x80): Buffer {
  if (length < 126) return Buffer.from([0x81, mask | length]);
  const header = Buffer.alloc(length < 65_536 ? 4 : 10);
  header[0] = 0x81;
  header[1] = mask | (length < 65_536 ? 126 : 127);
  if (length < 65_536) header.writeUInt16BE(length, 2);
  else header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

/** Called with each whole frame: what it is, and where its payload begins and ends. */
type OnFrame = (opcode: number, chunk: Buffer, start: number, end: number) => void;

/** Cuts what a server sends into frames. Keeps the beginning of one that is not whole yet. */
export class FrameReader {
  readonly #onFrame: OnFrame;
  #rest: Buffer | undefined;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  read(bytes: Buffer): void {
    const chunk = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = undefined;
    let at = 0;
    while (at + 2 <= chunk.length) {
      let length = (chunk[at + 1] as number) & 0x7f;
      let start = at + 2;
      if (length === 126) {
        if (start + 2 > chunk.length) break;
        length = chunk.readUInt16BE(start);
        start += 2;
      } else if (length === 127) {
        if (start + 8 > chunk.length) break;
        length = Number(chunk.readBigUInt64BE(start));
        start += 8;
      }
      if (start + length > chunk.length) break;
      const opcode = (chunk[at] as number) & 0x0f;
      at = start + length;
      this.#onFrame(opcode, chunk, start, at);
    }
    if (at < chunk.length) this.#rest = chunk.subarray(at);
  }
}

// The bytes of one request body, in one block that grows where it is.
//
// A list of chunks that is concatenated at the end needs the memory of a body twice, and leaves the
// memory allocator with holes of a chunk each: 100 bodies of 8 MB, 256 MB of them at a time, took 400
// to 550 MB. A resizable ArrayBuffer reserves addresses, takes memory as bytes arrive, and gives all
// of it back to the system: the same bodies take about 320 MB.

/**
 * Up to this size, a body is a list of chunks: reserving addresses for every small webhook costs
 * more than a copy. Also the step by which a larger body grows.
 */
const STEP_BYTES = 262_144;

export interface GrowingBody {
  /** @param chunk copied if the body is large; all chunks together at most `maxBytes` */
  readonly append: (chunk: Buffer) => void;
  /** All bytes so far, without a copy if the body is large. Nothing may be appended afterwards. */
  readonly toBuffer: () => Buffer;
  /** Gives the memory back at once. Not after `toBuffer`, whose bytes it would take away. */
  readonly discard: () => void;
}

/** @param maxBytes the most that may be appended */
export function createGrowingBody(maxBytes: number): GrowingBody {
  let chunks: Buffer[] = [];
  let large: ArrayBuffer | undefined;
  let length = 0;
  const write = (block: ArrayBuffer, chunk: Buffer) => {
    const end = length + chunk.length;
    if (end > block.byteLength) block.resize(Math.min(maxBytes, Math.ceil(end / STEP_BYTES) * STEP_BYTES));
    new Uint8Array(block).set(chunk, length);
    length = end;
  };
  const moveToBlock = (): ArrayBuffer => {
    const block = new ArrayBuffer(0, { maxByteLength: maxBytes });
    length = 0;
    for (const chunk of chunks) write(block, chunk);
    chunks = [];
    return block;
  };
  return {
    append: (chunk) => {
      if (large === undefined && length + chunk.length <= STEP_BYTES) {
        chunks.push(chunk);
        length += chunk.length;
        return;
      }
      large ??= moveToBlock();
      write(large, chunk);
    },
    toBuffer: () => (large === undefined ? Buffer.concat(chunks) : Buffer.from(large, 0, length)),
    discard: () => {
      chunks = [];
      large?.resize(0);
      large = undefined;
    },
  };
}

// Detects the encoding of a file: by its byte order mark; else UTF-8 if the whole file is valid
// UTF-8; else windows-1252, the encoding that Excel writes in Western countries. The whole file is
// read, because the first ö can be in its last row.
import { createReadStream } from 'node:fs';
import type { Encoding } from '../csv-mapping.ts';

export interface DetectedEncoding {
  readonly encoding: Encoding;
  readonly hasByteOrderMark: boolean;
}

const BYTE_ORDER_MARKS: readonly { readonly encoding: Encoding; readonly bytes: readonly number[] }[] = [
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
];
const ZIP = [0x50, 0x4b, 0x03, 0x04];

/**
 * @param head the beginning of the file
 * @param declared the encoding in the mapping; it takes precedence
 * @returns the encoding, or a sentence that says why the file is not text
 */
export async function detectEncoding(
  file: string,
  head: Buffer,
  declared?: Encoding,
): Promise<DetectedEncoding | string> {
  if (startsWith(head, ZIP)) return 'is an Excel workbook (or another zip file), not CSV. Save it as CSV UTF-8.';
  const marked = BYTE_ORDER_MARKS.find(({ bytes }) => startsWith(head, bytes))?.encoding;
  const hasByteOrderMark = marked !== undefined && (declared === undefined || declared === marked);
  if (declared !== undefined) return { encoding: declared, hasByteOrderMark };
  if (marked !== undefined) return { encoding: marked, hasByteOrderMark };
  if (head.includes(0)) {
    // The zero of a Latin letter is its second byte in little endian.
    const encoding = head.indexOf(0) % 2 === 1 ? 'utf-16le' : 'utf-16be';
    return `contains zero bytes: it is not text, or it is UTF-16 without a byte order mark. Under csv, write encoding: ${encoding}.`;
  }
  return { encoding: (await isUtf8(file)) ? 'utf-8' : 'windows-1252', hasByteOrderMark };
}

function startsWith(head: Buffer, bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => head[index] === byte);
}

async function isUtf8(file: string): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of createReadStream(file)) decoder.decode(chunk, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

// In which encoding a file is written. A byte order mark tells; without one the file is UTF-8 if all of it is valid UTF-8, else
// windows-1252, which is what Excel writes in the West. The whole file is looked at: the first ö may stand in its last row.
import { createReadStream } from 'node:fs';
import type { Encoding } from '../csv-mapping.ts';

export interface FoundEncoding {
  readonly encoding: Encoding;
  readonly hasMark: boolean;
}

const MARKS: readonly { readonly encoding: Encoding; readonly bytes: readonly number[] }[] = [
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
];
const ZIP = [0x50, 0x4b, 0x03, 0x04];

/**
 * @param head the beginning of the file
 * @param declared overrules what is found
 * @returns the encoding, or a sentence that says why the file is no text
 */
export async function findEncoding(file: string, head: Buffer, declared?: Encoding): Promise<FoundEncoding | string> {
  if (startsWith(head, ZIP)) return 'is no CSV file but an Excel workbook (or another zip). Save it as CSV UTF-8.';
  const marked = MARKS.find(({ bytes }) => startsWith(head, bytes))?.encoding;
  const hasMark = marked !== undefined && (declared === undefined || declared === marked);
  if (declared !== undefined) return { encoding: declared, hasMark };
  if (marked !== undefined) return { encoding: marked, hasMark };
  if (head.includes(0)) {
    return 'holds zero bytes: it is no text, or UTF-16 without a byte order mark. If it is the latter, name it under csv.encoding.';
  }
  return { encoding: (await isUtf8(file)) ? 'utf-8' : 'windows-1252', hasMark };
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

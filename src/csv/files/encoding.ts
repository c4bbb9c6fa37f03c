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

// What is often named .csv and is something else, by its first bytes.
const OTHER_KINDS: readonly { readonly bytes: readonly number[]; readonly is: string }[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], is: 'an Excel workbook (or another zip file), not CSV. Save it as CSV UTF-8.' },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], is: 'an old Excel workbook (.xls), not CSV. Save it as CSV UTF-8.' },
  { bytes: [0x1f, 0x8b], is: 'compressed (gzip). Unpack it first.' },
  { bytes: [0x25, 0x50, 0x44, 0x46], is: 'a PDF, not CSV. Export the table as CSV.' },
];
const HTML = /^\s*<(?:!doctype|html|table|meta|\?xml)/i;
const JSON_TEXT = /^\s*(?:\[\s*)?\{\s*"/;
// A text with a stray NUL byte; UTF-16 has one in nearly every letter.
const FEW = 0.1;

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
  const other = otherKind(head);
  if (other !== null) return `is ${other}`;
  const marked = BYTE_ORDER_MARKS.find(({ bytes }) => startsWith(head, bytes))?.encoding;
  const hasByteOrderMark = marked !== undefined && (declared === undefined || declared === marked);
  if (declared !== undefined) return { encoding: declared, hasByteOrderMark };
  if (marked !== undefined) return { encoding: marked, hasByteOrderMark };
  if (head.includes(0)) {
    if (head.filter((byte) => byte === 0).length < FEW * head.length) {
      return 'contains zero bytes (NUL), which no text has. Remove them, or export the file again.';
    }
    // The zero of a Latin letter is its second byte in little endian.
    const encoding = head.indexOf(0) % 2 === 1 ? 'utf-16le' : 'utf-16be';
    return `contains zero bytes: it is not text, or it is UTF-16 without a byte order mark. Under csv, write encoding: ${encoding}.`;
  }
  return { encoding: (await isUtf8(file)) ? 'utf-8' : 'windows-1252', hasByteOrderMark };
}

/** What the file is if it is not a table in text; null if it can be one. */
function otherKind(head: Buffer): string | null {
  const kind = OTHER_KINDS.find(({ bytes }) => startsWith(head, bytes));
  if (kind !== undefined) return kind.is;
  const text = head
    .subarray(0, 200)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '');
  if (HTML.test(text))
    return 'HTML or XML, not CSV: some tools name such a table .xls or .csv. Open it and save it as CSV UTF-8.';
  return JSON_TEXT.test(text) ? 'JSON, not CSV. NDJSON, one lead per line, is read with --input.' : null;
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

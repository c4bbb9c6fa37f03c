// Detects the encoding of a file: by its byte order mark; else UTF-8 if the whole file is valid
// UTF-8; else windows-1252, the encoding that Excel writes in Western countries, unless it cannot be
// that. The whole file is read, because the first ö can be in its last row.
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
  const known = declared ?? marked;
  // Other characters would take the place of those that cannot be read.
  if (known === 'utf-8' && !(await isUtf8(file)))
    return `is not UTF-8, as ${declared === undefined ? 'its byte order mark' : 'the mapping'} says. Save it as CSV UTF-8.`;
  if (known !== undefined) return { encoding: known, hasByteOrderMark };
  if (head.includes(0)) return whyZeros(head);
  if (await isUtf8(file)) return { encoding: 'utf-8', hasByteOrderMark };
  return (await isWestern(file)) ? { encoding: 'windows-1252', hasByteOrderMark } : NOT_WESTERN;
}

function whyZeros(head: Buffer): string {
  if (head.filter((byte) => byte === 0).length < FEW * head.length) {
    return 'contains zero bytes (NUL), which no text has. Remove them, or export the file again.';
  }
  // The zero of a Latin letter is its second byte in little endian.
  const encoding = head.indexOf(0) % 2 === 1 ? 'utf-16le' : 'utf-16be';
  return `contains zero bytes: it is not text, or it is UTF-16 without a byte order mark. Under csv, write encoding: ${encoding}.`;
}

const NOT_WESTERN =
  'is neither UTF-8 nor windows-1252: its letters would be read as others. Save it as CSV UTF-8, or name its encoding: under csv, write encoding: macintosh, shift_jis or another of docs/exports.md.';

/** Bytes without a character in windows-1252 (https://encoding.spec.whatwg.org/index-windows-1252.txt). */
const UNDEFINED: ReadonlySet<number> = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);
/** ƒ ‡ ˆ Š Œ Ž ˜ Ÿ: no word has them after a small letter. They are É à á ä å é in Mac Roman, and half letters in Shift JIS. */
const NOT_IN_WORDS: ReadonlySet<number> = new Set([0x83, 0x87, 0x88, 0x8a, 0x8c, 0x8e, 0x98, 0x9f]);

/** Letters beyond ASCII side by side: a word of Korean, Chinese or Russian, but of no Western language. */
const FOREIGN_RUN = 4;

async function isWestern(file: string): Promise<boolean> {
  let before = 0;
  let run = 0;
  for await (const chunk of createReadStream(file)) {
    for (const byte of Buffer.from(chunk)) {
      const isInWord = NOT_IN_WORDS.has(byte) && before >= 0x61 && before <= 0x7a;
      // `Ã¼`: UTF-8, of which another place is broken.
      const isOfUtf8 = before === 0xc3 && byte >= 0x80 && byte <= 0xbf;
      run = byte > 0xa0 ? run + 1 : 0;
      if (UNDEFINED.has(byte) || isInWord || isOfUtf8 || run === FOREIGN_RUN) return false;
      before = byte;
    }
  }
  return true;
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

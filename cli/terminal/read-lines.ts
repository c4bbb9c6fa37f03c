// Splits a byte stream into lines at line feeds only. node:readline also splits at U+2028 and
// U+2029, which may occur unescaped in JSON strings.
import { isUtf8 } from 'node:buffer';

const LINE_FEED = 0x0a;

/**
 * Yields each line without its line feed; removes a byte order mark at the start. Null: the line is
 * not UTF-8, and would have other characters.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string | null> {
  let parts: Buffer[] = [];
  let isFirst = true;
  const finish = (end: Buffer): string | null => {
    const line = parts.length === 0 ? end : Buffer.concat([...parts, end]);
    parts = [];
    const text = isUtf8(line) ? line.toString('utf8') : null;
    const isMarked = isFirst && text?.startsWith('\uFEFF') === true;
    isFirst = false;
    return isMarked ? text.slice(1) : text;
  };
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    let start = 0;
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, start)) {
      yield finish(bytes.subarray(start, at));
      start = at + 1;
    }
    if (start < bytes.length) parts.push(bytes.subarray(start));
  }
  const last = finish(Buffer.alloc(0));
  if (last !== '') yield last;
}

// Splits a byte stream into lines at line feeds only. node:readline also splits at U+2028 and
// U+2029, which may occur unescaped in JSON strings.
import { StringDecoder } from 'node:string_decoder';

/** Yields each line without its line feed; removes a byte order mark at the start. */
export async function* readLines(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  let isFirst = true;
  const finish = (end: string): string => {
    const line = parts.join('') + end;
    parts = [];
    const text = isFirst && line.startsWith('\uFEFF') ? line.slice(1) : line;
    isFirst = false;
    return text;
  };
  for await (const chunk of chunks) {
    const pieces = (typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk))).split('\n');
    const rest = pieces.pop() ?? '';
    for (const piece of pieces) yield finish(piece);
    parts.push(rest);
  }
  const last = finish(decoder.end());
  if (last !== '') yield last;
}

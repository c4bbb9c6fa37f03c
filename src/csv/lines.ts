// Decoded text -> its lines, one at a time, so that a file of any size is read in flat memory.

/** No line is kept longer than this, in UTF-16 units: a file without line ends must not fill the memory. */
export const MAX_LENGTH = 1024 * 1024;

/**
 * Each line with its line end; what a line has beyond `MAX_LENGTH` is dropped (its reader sees from the length that it was cut).
 * @param end the character that ends a line; `\r\n` ends at its line feed
 */
export async function* splitLines(chunks: AsyncIterable<string>, end: '\n' | '\r'): AsyncGenerator<string> {
  let open = '';
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(end); to !== -1; to = chunk.indexOf(end, from)) {
      yield open + chunk.slice(from, to + 1);
      open = '';
      from = to + 1;
    }
    if (open.length <= MAX_LENGTH) open += chunk.slice(from);
  }
  if (open !== '') yield open;
}

// Splits decoded text into lines, one at a time, so that memory use does not depend on the file
// size.

/**
 * The maximum length of a line in UTF-16 units: a file without line ends must not fill the memory.
 */
export const MAX_LINE_LENGTH = 1024 * 1024;

/**
 * Yields each line with its line end. A line longer than `MAX_LINE_LENGTH` is cut; its reader
 * recognizes that by the length.
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
    if (open.length <= MAX_LINE_LENGTH) open += chunk.slice(from);
  }
  if (open !== '') yield open;
}

// What is wrong with a file before it is parsed: its size, and its encoding.
import { count } from '../problems/words.ts';

export interface TextProblem {
  readonly message: string;
  readonly fix: string;
}

/** A model of a hundred criteria has 50 kB; parsing 500 kB takes about a second. */
export const MAX_FILE_BYTES = 500_000;

/** Null if the text is short enough to be parsed. */
export function sizeProblem(text: string): TextProblem | null {
  if (text.length <= MAX_FILE_BYTES) return null;
  return {
    message: `the file has more than ${count(MAX_FILE_BYTES)} characters, which is more than is read.`,
    fix: 'Check that it is the right file. A model of a hundred criteria has 50,000 characters.',
  };
}

/** @returns the text of a file that people edit, without a byte order mark, or why it is not a text */
export function decodeFile(bytes: Uint8Array): { readonly text: string } | { readonly problem: TextProblem } {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { problem: { message: 'the file is UTF-16.', fix: 'Save it as UTF-8.' } };
  }
  if (bytes.includes(0)) {
    return {
      problem: { message: 'the file is not a text: it has NUL bytes.', fix: 'Check that it is the right file.' },
    };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    const line = lineOfBadByte(bytes);
    return {
      problem: { message: `the file is not UTF-8: line ${line} has another encoding.`, fix: 'Save it as UTF-8.' },
    };
  }
}

function lineOfBadByte(bytes: Uint8Array): number {
  const text = new TextDecoder('utf-8').decode(bytes);
  return text.slice(0, text.indexOf('\ufffd')).split('\n').length;
}

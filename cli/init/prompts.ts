// Questions at the terminal; where there is none, answers come line by line from standard input.
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import type { CommandIo } from '../terminal/io.ts';

export interface Questions {
  /** Somebody sits there. */
  readonly isTerminal: boolean;
  /** Null at the end of the input. A secret is not shown while it is typed. */
  ask(question: string, options?: { secret?: boolean }): Promise<string | null>;
  close(): void;
}

export function openQuestions(io: CommandIo): Questions {
  const isTerminal = 'isTTY' in io.stdin && io.stdin.isTTY === true;
  let isMuted = false;
  const shown = new Writable({
    write(chunk, _encoding, done) {
      if (!isMuted) io.stderr.write(chunk);
      done();
    },
  });
  const lines: Interface = createInterface({ input: io.stdin, output: shown, terminal: isTerminal });
  const next = lines[Symbol.asyncIterator]();
  return {
    isTerminal,
    async ask(question, { secret = false } = {}) {
      if (isTerminal) io.stderr.write(`${question}: `);
      isMuted = secret;
      const line = await next.next();
      isMuted = false;
      if (isTerminal && secret) io.stderr.write('\n');
      return line.done === true ? null : line.value.trim();
    },
    close: () => lines.close(),
  };
}

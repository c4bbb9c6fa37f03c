// Asks questions at the terminal. Without a terminal, each line of standard input is an answer.
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import type { CommandIo } from './io.ts';

export interface Questions {
  /** Standard input is a terminal, so a person answers. */
  readonly isTerminal: boolean;
  /** @returns null at the end of the input. A secret is not echoed. */
  ask(question: string, options?: { secret?: boolean }): Promise<string | null>;
  close(): void;
}

export function openQuestions(io: CommandIo): Questions {
  const isTerminal = 'isTTY' in io.stdin && io.stdin.isTTY === true;
  let isMuted = false;
  const echo = new Writable({
    write(chunk, _encoding, done) {
      if (!isMuted) io.stderr.write(chunk);
      done();
    },
  });
  const lines: Interface = createInterface({ input: io.stdin, output: echo, terminal: isTerminal });
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

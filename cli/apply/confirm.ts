// Asks before a model is applied.
import { userInfo } from 'node:os';
import { ConfigurationError } from '../product/configuration-error.ts';
import type { CommandIo } from '../terminal/io.ts';
import { openQuestions } from '../terminal/prompts.ts';

/**
 * Call it before a plan is made, which takes a while with many leads.
 * @throws ConfigurationError without a terminal, which could not be asked
 */
export function requireTerminal(io: CommandIo, command: string): void {
  if ('isTTY' in io.stdin && io.stdin.isTTY === true) return;
  throw new ConfigurationError(
    `${command} shows the plan and asks, and standard input is not a terminal. Add --yes to apply without a question. Nothing was applied.`,
  );
}

/** @throws ConfigurationError unless the answer is yes */
export async function confirm(io: CommandIo, question: string): Promise<void> {
  const questions = openQuestions(io);
  try {
    const answer = await questions.ask(`${question} Type yes to apply it`);
    if (answer !== 'yes') throw new ConfigurationError('Not confirmed. Nothing was applied.');
  } finally {
    questions.close();
  }
}

/** The name under which a change is stored: of `--by`, else of the user of the operating system. */
export function authorOf(by: string | undefined): string {
  if (by !== undefined) return by;
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number without a name.
    return `user ${process.getuid?.() ?? 'without a name'}`;
  }
}

/** The command line is wrong; the message is printed after `error: `. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

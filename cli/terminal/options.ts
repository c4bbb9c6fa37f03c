// Options that several commands have.
import { InvalidArgumentError, Option } from 'commander';

export function asOfOption(): Option {
  return new Option('--as-of <instant>', 'score as of this instant (RFC 3339) instead of now').argParser(instant);
}

export function jsonOption(): Option {
  return new Option('--json', 'print the result as JSON').default(false);
}

/** @throws InvalidArgumentError unless `text` is an instant with an offset */
export function instant(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()) || !/(?:Z|[+-]\d\d:\d\d)$/i.test(text)) {
    throw new InvalidArgumentError('It must be an instant with an offset, e.g. 2026-11-01T00:00:00Z.');
  }
  return at;
}

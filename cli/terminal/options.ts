// Options and value parsers that several commands share.
import { InvalidArgumentError, Option } from 'commander';

export function asOfOption(): Option {
  return new Option('--as-of <instant>', 'score as of this instant (RFC 3339) instead of now').argParser(instant);
}

export function crmOption(): Option {
  return new Option('--crm <crm>', 'only this CRM (default: all that are set up)');
}

export function jsonOption(): Option {
  return new Option('--json', 'print the result as JSON').default(false);
}

export function yesOption(): Option {
  return new Option('--yes', 'apply without a question').default(false);
}

export function byOption(): Option {
  return new Option('--by <name>', 'who applies it, for models list (default: the user of the operating system)');
}

/** @throws InvalidArgumentError unless `text` is an instant with a UTC offset */
export function instant(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()) || !/(?:Z|[+-]\d\d:\d\d)$/i.test(text)) {
    throw new InvalidArgumentError('It must be an instant with an offset, e.g. 2026-11-01T00:00:00Z.');
  }
  return at;
}

/** @throws InvalidArgumentError unless `text` is a whole number above 0 */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

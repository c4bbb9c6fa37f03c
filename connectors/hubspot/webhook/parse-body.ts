// The body of a webhook request as a list of unvalidated elements.
import { z } from 'zod';
import type { UnparsedPart } from '../../../src/crm/webhook-receiver.ts';
import { jsonLimitViolation } from '../../../src/domain/limits/json-limits.ts';

// HubSpot sends at most 100 flat events in a request, each with about 15 values.
const LIMITS = { maxDepth: 20, maxValues: 20_000 };

const MAX_EVENTS = 1_000;

const listSchema = z.array(z.unknown());

// The lookbehind makes the search try each number once.
const LONG_NUMBER = /(?<!\d)\d{16}/;

// Postgres cannot store text with this character; valid JSON never contains it.
const ZERO_CHARACTER = '\0';

/** The elements of the body, or the whole body as one unparsed part if it is not a list. */
export function parseBody(body: Buffer): { elements: readonly unknown[] } | { unparsed: UnparsedPart } {
  const unparsed = (reason: string) => ({ unparsed: { text: toText(body), reason } });
  const violation = jsonLimitViolation(body, LIMITS);
  if (violation !== null) return unparsed(`The body is too large: ${violation}.`);
  let parsed: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    // A reviver costs more than all other steps, and hardly any body contains such a number.
    parsed = LONG_NUMBER.test(text) ? JSON.parse(text, reviveLongNumber) : JSON.parse(text);
  } catch {
    // The parser's own error quotes the body.
    return unparsed('The body is not JSON in UTF-8.');
  }
  const list = listSchema.safeParse(parsed);
  if (!list.success) return unparsed('The body is not a list of events.');
  return list.data.length > MAX_EVENTS
    ? unparsed(`The body is too large: a list has at most ${MAX_EVENTS} events.`)
    : { elements: list.data };
}

function toText(body: Buffer): string {
  return body.toString('utf8').replaceAll(ZERO_CHARACTER, '\u{fffd}');
}

/**
 * HubSpot's IDs have 64 bits: a number that JavaScript would round becomes the text that was sent.
 */
function reviveLongNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? source : value;
}

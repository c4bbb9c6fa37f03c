// The body of a webhook as a list, before anything in it is believed.
import { z } from 'zod';
import type { UnparsedPart } from '../../../src/crm/webhook-receiver.ts';

const listSchema = z.array(z.unknown());

// Each number is looked at once.
const LONG_NUMBER = /(?<!\d)\d{16}/;

// Postgres keeps no text with a zero character; none is part of any JSON.
const ZERO = '\0';

/** The elements of the body; or, where it is no list, the body as one part that was not understood. */
export function parseBody(body: Buffer): { elements: readonly unknown[] } | { unparsed: UnparsedPart } {
  const unparsed = (reason: string) => ({ unparsed: { text: textOf(body), reason } });
  let parsed: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    // Looking at every value costs more than all the rest, and hardly a body has such a number.
    parsed = LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch {
    // The parser's own words quote the body.
    return unparsed('The body is not JSON in UTF-8.');
  }
  const list = listSchema.safeParse(parsed);
  return list.success ? { elements: list.data } : unparsed('The body is not a list of events.');
}

function textOf(body: Buffer): string {
  return body.toString('utf8').replaceAll(ZERO, '\u{fffd}');
}

/** HubSpot's ids have 64 bits: a number that JavaScript would round stays the text that was sent. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? source : value;
}

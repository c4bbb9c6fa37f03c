// Parses the body of a request to `/events` into messages. Pure.
import { z } from 'zod';
import { jsonLimitViolation } from '../../src/domain/limits/json-limits.ts';
import { CONTEXT_TOO_LARGE, type EventsResponse, MAX_CONTEXT_BYTES, MAX_MESSAGES, malformed } from './responses.ts';

const objectSchema = z.record(z.string(), z.unknown());

export interface RequestMessages {
  readonly messages: readonly unknown[];
  readonly isBatch: boolean;
}

/** A message is nested at most ten deep, and has at most a thousand values. */
const LIMITS = { maxDepth: 30, maxValues: 200_000 };

/** @returns undefined if the body is not JSON, or is nested too deep to be a message */
export function parseBody(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || jsonLimitViolation(body, LIMITS) !== null) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

export function writeKeyOf(body: unknown): string | null {
  const key = objectSchema.safeParse(body).data?.writeKey;
  return typeof key === 'string' ? key : null;
}

/** @param form the path after `/events/v1/`: the type of the message, or `batch` */
export function messagesOf(body: unknown, form: unknown): RequestMessages | { readonly refused: EventsResponse } {
  const object = objectSchema.safeParse(body).data;
  if (object === undefined) {
    return { refused: malformed('expected one message, or { "batch": [...] }, as JSON') };
  }
  const { batch, sentAt, context } = object;
  if (batch === undefined && form !== 'batch' && form !== 'import') {
    return { messages: [typeof form === 'string' ? { type: form, ...object } : object], isBatch: false };
  }
  if (!Array.isArray(batch)) return { refused: malformed('batch: expected a list of messages') };
  if (batch.length > MAX_MESSAGES) return { refused: malformed(`batch: at most ${MAX_MESSAGES} messages`) };
  // `sentAt` and `context` of a batch apply to each of its messages.
  const common = { ...(sentAt !== undefined && { sentAt }), ...(context !== undefined && { context }) };
  // They are parsed with each message, so without a limit a small body would take seconds of CPU
  // time.
  if (Buffer.byteLength(JSON.stringify(common)) * batch.length > MAX_CONTEXT_BYTES) {
    return { refused: CONTEXT_TOO_LARGE };
  }
  const messages = batch.map((value: unknown) => {
    const message = objectSchema.safeParse(value).data;
    return message === undefined ? value : { ...common, ...message };
  });
  return { messages, isBatch: true };
}

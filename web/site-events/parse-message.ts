// Parses one message in Segment's format (track, page, screen, identify): the event, its time, and
// its person. Ignores unknown fields, validates the fields that it uses. Pure.
// https://segment.com/docs/connections/spec/common/
import { z } from 'zod';
import type { NormalizeId } from '../../src/crm/normalize-links.ts';
import { normalAddress } from '../../src/domain/email-address.ts';
import type { SiteMessage, SitePerson } from '../../src/domain/site-event.ts';
import { sha256Hex } from '../../src/domain/texts/sha256-hex.ts';
import { findLimitViolation, flatten } from './flatten-properties.ts';

/** Segment's limit for one message. */
const MAX_BYTES = 32_000;
const MAX_AGE_DAYS = 400;
const MAX_ID_LENGTH = 200;

const IGNORED_TYPES = ['group', 'alias'] as const;
const TYPES = ['track', 'page', 'screen', 'identify', ...IGNORED_TYPES] as const;
const TYPES_HINT = 'give one of track, page, screen, identify';

const id = z.union([z.string(), z.number()], 'expected text').transform(String).nullish();
const jsonObject = z
  .record(z.string(), z.unknown(), 'expected an object')
  .nullish()
  .transform((given) => given ?? {});
const shortText = z.string('expected text').max(1_000).nullish();
const instant = z.iso
  .datetime({ offset: true, error: 'expected an instant with its offset, like 2026-03-10T12:00:00Z' })
  .transform((text) => Date.parse(text))
  .nullish();

const messageSchema = z
  .object({
    type: z.enum(TYPES, TYPES_HINT),
    messageId: id,
    userId: id,
    anonymousId: id,
    event: shortText,
    name: shortText,
    category: shortText,
    properties: jsonObject,
    traits: jsonObject,
    context: jsonObject,
    timestamp: instant,
    originalTimestamp: instant,
    sentAt: instant,
  })
  .refine(({ type, event }) => type !== 'track' || (event ?? '').trim() !== '', {
    path: ['event'],
    error: 'a track needs the name of what happened',
  });
type Message = z.infer<typeof messageSchema>;

export type ParsedSiteMessage =
  | { readonly message: SiteMessage }
  /** A type that is not used. */
  | { readonly ignored: true }
  /** The path and the error, without a value. */
  | { readonly problem: string };

export interface ParseContext {
  readonly receivedAt: Date;
  /** The CRMs whose record IDs a message may contain. */
  readonly crms: readonly string[];
  /** Absent: every ID is in the form of its CRM's API. */
  readonly normalizeId?: NormalizeId | undefined;
}

/** Never throws, whatever the message contains. */
export function parseMessage(given: unknown, { receivedAt, ...ids }: ParseContext): ParsedSiteMessage {
  const violation = findLimitViolation(given);
  if (violation !== null) return { problem: violation };
  if (Buffer.byteLength(JSON.stringify(given) ?? '') > MAX_BYTES) {
    return { problem: `a message has at most ${MAX_BYTES} bytes` };
  }
  const parsed = messageSchema.safeParse(given);
  if (!parsed.success) return { problem: parsed.error.issues.map(describeIssue).join('; ') };
  const { type } = parsed.data;
  if (type === 'group' || type === 'alias') return { ignored: true };
  const person = personOf(parsed.data, ids);
  if (Object.values(person).every((value) => value === null)) {
    return { problem: 'userId: send userId or anonymousId, an email address, or the ID of a record' };
  }
  const at = instantOf(parsed.data, receivedAt.getTime());
  if (at < receivedAt.getTime() - MAX_AGE_DAYS * 86_400_000) {
    return { problem: `timestamp: at most ${MAX_AGE_DAYS} days ago` };
  }
  const properties = flatten(parsed.data);
  return { message: { kind: type, messageId: messageIdOf(parsed.data, given), at, properties, ...person } };
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}

/**
 * Corrects the clock of a device as Segment does, by its deviation at `sentAt`. An event is never
 * later than its receipt.
 */
function instantOf({ timestamp, originalTimestamp, sentAt }: Message, receivedAt: number): number {
  const original = originalTimestamp ?? null;
  const corrected = original === null || sentAt == null ? original : receivedAt - (sentAt - original);
  return Math.min(timestamp ?? corrected ?? receivedAt, receivedAt);
}

/** A message without an ID gets the hash of its content. */
function messageIdOf({ messageId }: Message, original: unknown): string {
  const own = messageId?.trim() ?? '';
  if (own !== '' && own.length <= MAX_ID_LENGTH && /^[\x21-\x7e]+$/.test(own)) return own;
  if (own !== '') return `sha256-${sha256Hex(own)}`;
  const content = JSON.stringify(original, (key, value: unknown) => (key === 'sentAt' ? undefined : value));
  return `sha256-${sha256Hex(content)}`;
}

type RecordIds = Omit<ParseContext, 'receivedAt'>;

function personOf(message: Message, ids: RecordIds): SitePerson {
  const { userId, anonymousId, properties, traits, context } = message;
  const contextTraits = objectOrEmpty(context.traits);
  const objects = [traits, properties, contextTraits];
  const emails = [...objects.map(({ email }) => email), userId].map(emailOf);
  return {
    email: emails.find((email) => email !== null) ?? null,
    // RudderStack sends `externalId`.
    record: findRecord(context.externalIds ?? context.externalId, objects, ids),
    userKey: hashedKey('user', userId),
    anonymousKey: hashedKey('anonymous', anonymousId),
  };
}

function objectOrEmpty(value: unknown): Readonly<Record<string, unknown>> {
  const parsed = jsonObject.safeParse(value);
  return parsed.success ? parsed.data : {};
}

function emailOf(value: unknown): string | null {
  return typeof value === 'string' ? normalAddress(value) : null;
}

const externalIdsSchema = z.array(z.object({ type: z.string(), id: z.union([z.string(), z.number()]) }));

/** From `context.externalIds`, or from `hubspot_id` or `salesforce_id` in traits or properties. */
function findRecord(
  externalIds: unknown,
  objects: readonly Readonly<Record<string, unknown>>[],
  { crms, normalizeId = (_crm, id) => id }: RecordIds,
): SitePerson['record'] {
  const listed = externalIdsSchema.safeParse(externalIds).data ?? [];
  const candidates = crms.flatMap((crm) => {
    const ids = [
      ...listed.filter(({ type }) => type === crm || type === `${crm}_id`).map((item) => item.id),
      ...objects.map((object) => object[`${crm}_id`]),
    ];
    return ids.map((value) => ({ crm, id: typeof value === 'number' ? String(value) : value }));
  });
  for (const { crm, id: given } of candidates) {
    if (typeof given === 'string' && /^[\w-]{1,64}$/.test(given)) return { crm, id: normalizeId(crm, given) };
  }
  return null;
}

/** IDs of a source are only compared, so their hashes are stored instead of them. */
function hashedKey(kind: 'user' | 'anonymous', value: string | null | undefined): string | null {
  return value == null || value.trim() === '' ? null : sha256Hex(`${kind}:${value}`);
}

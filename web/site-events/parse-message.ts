// One message in Segment's form (track, page, screen, identify), parsed: what happened, when, and whom it is about. Tolerant of what sources
// send besides; strict about what is used. Pure.
// https://segment.com/docs/connections/spec/common/
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { SiteMessage, SitePerson } from '../../src/domain/site-event.ts';
import { findLimitViolation, flatten } from './flatten-properties.ts';

/** What Segment allows for one message. */
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
  /** It says nothing that anything is made of. */
  | { readonly ignored: true }
  /** What is wrong with it, by path, without a value. */
  | { readonly problem: string };

export interface ParseContext {
  readonly receivedAt: Date;
  /** The CRMs whose ids a message may name. */
  readonly crms: readonly string[];
}

/** Never throws for what was sent. */
export function parseMessage(given: unknown, { receivedAt, crms }: ParseContext): ParsedSiteMessage {
  const tooMuch = findLimitViolation(given);
  if (tooMuch !== null) return { problem: tooMuch };
  if (Buffer.byteLength(JSON.stringify(given) ?? '') > MAX_BYTES) {
    return { problem: `a message has at most ${MAX_BYTES} bytes` };
  }
  const parsed = messageSchema.safeParse(given);
  if (!parsed.success) return { problem: parsed.error.issues.map(describeIssue).join('; ') };
  const { type } = parsed.data;
  if (type === 'group' || type === 'alias') return { ignored: true };
  const person = personOf(parsed.data, crms);
  if (Object.values(person).every((each) => each === null)) {
    return { problem: 'userId: give userId or anonymousId, an email address, or the id of a record' };
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

/** As Segment corrects the clock of a device: by how far it was off when it sent. Nothing happened after it was received. */
function instantOf({ timestamp, originalTimestamp, sentAt }: Message, receivedAt: number): number {
  const original = originalTimestamp ?? null;
  const corrected = original === null || sentAt == null ? original : receivedAt - (sentAt - original);
  return Math.min(timestamp ?? corrected ?? receivedAt, receivedAt);
}

/** Without one of its own, a message is known by what it says. */
function messageIdOf({ messageId }: Message, given: unknown): string {
  const own = messageId?.trim() ?? '';
  if (own !== '' && own.length <= MAX_ID_LENGTH && /^[\x21-\x7e]+$/.test(own)) return own;
  if (own !== '') return `sha256-${hashOf(own)}`;
  const content = JSON.stringify(given, (key, value: unknown) => (key === 'sentAt' ? undefined : value));
  return `sha256-${hashOf(content)}`;
}

function personOf(message: Message, crms: readonly string[]): SitePerson {
  const { userId, anonymousId, properties, traits, context } = message;
  const contextTraits = objectOrEmpty(context.traits);
  const bags = [traits, properties, contextTraits];
  const emails = [...bags.map(({ email }) => email), userId].map(emailOf);
  return {
    email: emails.find((email) => email !== null) ?? null,
    // RudderStack's name for it has no s.
    record: findRecord(context.externalIds ?? context.externalId, bags, crms),
    userKey: hashedKey('user', userId),
    anonymousKey: hashedKey('anonymous', anonymousId),
  };
}

function objectOrEmpty(value: unknown): Readonly<Record<string, unknown>> {
  const parsed = jsonObject.safeParse(value);
  return parsed.success ? parsed.data : {};
}

function emailOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 320) return null;
  const address = value.trim().toLowerCase();
  return /^[^\s@]+@[^\s@]+$/.test(address) ? address : null;
}

const externalIdsSchema = z.array(z.object({ type: z.string(), id: z.union([z.string(), z.number()]) }));

/** `context.externalIds`, or `hubspot_id` and the like in traits or properties. */
function findRecord(
  externalIds: unknown,
  bags: readonly Readonly<Record<string, unknown>>[],
  crms: readonly string[],
): SitePerson['record'] {
  const listed = externalIdsSchema.safeParse(externalIds).data ?? [];
  const named = crms.flatMap((crm) => {
    const ids = [
      ...listed.filter(({ type }) => type === crm || type === `${crm}_id`).map((each) => each.id),
      ...bags.map((each) => each[`${crm}_id`]),
    ];
    return ids.map((each) => ({ crm, id: typeof each === 'number' ? String(each) : each }));
  });
  for (const { crm, id: given } of named) {
    if (typeof given === 'string' && /^[\w-]{1,64}$/.test(given)) return { crm, id: given };
  }
  return null;
}

/** A source's own ids say nothing to us but that they are the same; so they are not kept as they are. */
function hashedKey(kind: 'user' | 'anonymous', value: string | null | undefined): string | null {
  return value == null || value.trim() === '' ? null : hashOf(`${kind}:${value}`);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

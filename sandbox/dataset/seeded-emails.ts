// The marketing e-mails that seeded people received. They use their own random generator, so that a
// change here does not change the other activities of a seed.
import type { SeedActivity, SeedPerson } from './dataset.ts';
import { type Random, seededRandom, seedOf } from './random.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

interface Campaign {
  readonly name: string;
  readonly daysAgo: number;
  /** Sent only to people with at least this interest. */
  readonly minInterest: number;
}

const CAMPAIGNS: readonly Campaign[] = [
  { name: 'Newsletter: how fit and behavior differ', daysAgo: 96, minInterest: 0 },
  { name: 'Newsletter: five signals that sales trusts', daysAgo: 52, minInterest: 0 },
  { name: 'Invitation: scoring that sales trusts', daysAgo: 31, minInterest: 0.25 },
  { name: 'Newsletter: when a score should fade', daysAgo: 11, minInterest: 0 },
];
const SUBSCRIBED = 0.6;

/** @param interest 0 (cold) to 1 (about to buy) @param end epoch ms; no event is later */
export function seededEmails(seed: number, person: SeedPerson, interest: number, end: number): SeedActivity[] {
  const random = seededRandom(seedOf(`${seed} e-mails to ${person.key}`));
  const subscribed = random.chance(SUBSCRIBED) || person.optedOut;
  if (person.email === null || !subscribed) return [];
  const sent = CAMPAIGNS.filter(({ minInterest }) => interest >= minInterest)
    .map(({ name, daysAgo }) => ({ name, at: end - daysAgo * DAY_MS + random.between(0, HOUR_MS) }))
    .filter(({ at }) => at > person.createdAt);
  // People who opted out did so with the first e-mail.
  return sent.slice(0, person.optedOut ? 1 : sent.length).flatMap(({ name, at }) => {
    return emailEvents(random, interest, person.optedOut).map(({ type, after, ...more }) => {
      return { person: person.key, type, at: at + after, attributes: { email: name, ...more } };
    });
  });
}

interface Event {
  readonly type: string;
  readonly after: number;
  readonly url?: string;
}

/** The events of one e-mail; `after` is in ms after it was sent. */
function emailEvents(random: Random, interest: number, unsubscribes: boolean): Event[] {
  if (random.chance(0.02)) return [{ type: 'email_bounce', after: 0 }];
  const events: Event[] = [{ type: 'email_delivered', after: 0 }];
  // Apple's mail proxy loads every image, whether or not the e-mail is read.
  if (random.chance(0.3)) events.push({ type: 'email_open_bot', after: random.between(5_000, 120_000) });
  const opened = random.between(HOUR_MS / 12, 2 * DAY_MS);
  if (unsubscribes || random.chance(0.2 + interest * 0.5)) {
    events.push({ type: 'email_open', after: opened });
    const url = 'https://www.leadgrade.example/blog/lead-scoring-basics';
    if (!unsubscribes && random.chance(interest * 0.5))
      events.push({ type: 'email_click', after: opened + 30_000, url });
  }
  if (unsubscribes) events.push({ type: 'unsubscribe', after: opened + 60_000 });
  return events;
}

// The marketing e-mails that seeded people received. From a random source of their own: the other activities of a seed stay
// as they are whatever is sent here.
import type { SeedActivity, SeedPerson } from './dataset.ts';
import { type Random, seededRandom, seedOf } from './random.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

interface Campaign {
  readonly name: string;
  readonly daysAgo: number;
  /** Not for those who are less interested than this. */
  readonly from: number;
}

const CAMPAIGNS: readonly Campaign[] = [
  { name: 'Newsletter: how fit and behavior differ', daysAgo: 96, from: 0 },
  { name: 'Newsletter: five signals that sales trusts', daysAgo: 52, from: 0 },
  { name: 'Invitation: scoring that sales trusts', daysAgo: 31, from: 0.25 },
  { name: 'Newsletter: when a score should fade', daysAgo: 11, from: 0 },
];
const SUBSCRIBED = 0.6;

/** @param interest 0 (cold) to 1 (about to buy) @param end epoch ms that nothing comes after */
export function seededEmails(seed: number, person: SeedPerson, interest: number, end: number): SeedActivity[] {
  const random = seededRandom(seedOf(`${seed} e-mails to ${person.key}`));
  const subscribed = random.chance(SUBSCRIBED) || person.optedOut;
  if (person.email === null || !subscribed) return [];
  const sent = CAMPAIGNS.filter(({ from }) => interest >= from)
    .map(({ name, daysAgo }) => ({ name, at: end - daysAgo * DAY_MS + random.between(0, HOUR_MS) }))
    .filter(({ at }) => at > person.createdAt);
  // Whoever opted out did so by the first that came.
  return sent.slice(0, person.optedOut ? 1 : sent.length).flatMap(({ name, at }) => {
    return received(random, interest, person.optedOut).map(({ type, after, ...more }) => {
      return { person: person.key, type, at: at + after, attributes: { email: name, ...more } };
    });
  });
}

interface Event {
  readonly type: string;
  readonly after: number;
  readonly url?: string;
}

/** What became of one e-mail. */
function received(random: Random, interest: number, leaves: boolean): Event[] {
  if (random.chance(0.02)) return [{ type: 'email_bounce', after: 0 }];
  const found: Event[] = [{ type: 'email_delivered', after: 0 }];
  // Apple's mail proxy loads every picture, whoever reads.
  if (random.chance(0.3)) found.push({ type: 'email_open_bot', after: random.between(5_000, 120_000) });
  const opened = random.between(HOUR_MS / 12, 2 * DAY_MS);
  if (leaves || random.chance(0.2 + interest * 0.5)) {
    found.push({ type: 'email_open', after: opened });
    const url = 'https://www.leadgrade.example/blog/lead-scoring-basics';
    if (!leaves && random.chance(interest * 0.5)) found.push({ type: 'email_click', after: opened + 30_000, url });
  }
  if (leaves) found.push({ type: 'unsubscribe', after: opened + 60_000 });
  return found;
}

// The opportunities of seeded people. They use their own random generator, so that a change here
// does not change the people and activities of a seed.
import type { SeedOpportunity, SeedPerson } from './dataset.ts';
import { type Random, seededRandom, seedOf } from './random.ts';

const DAY_MS = 86_400_000;
const MAX_DAYS = 60;

const OPEN = [
  ['demo_scheduled', 3],
  ['demo_completed', 3],
  ['proposal_sent', 2],
  ['negotiation', 2],
] as const;

/** By lifecycle stage: the probability of an opportunity, and its stage. */
const BY_LIFECYCLE: Readonly<Record<string, { chance: number; stage: (random: Random) => string }>> = {
  customer: { chance: 0.9, stage: () => 'closed_won' },
  evangelist: { chance: 0.9, stage: () => 'closed_won' },
  opportunity: { chance: 1, stage: (random) => random.weighted(OPEN) },
  salesqualifiedlead: { chance: 0.4, stage: (random) => (random.chance(0.5) ? 'closed_lost' : random.weighted(OPEN)) },
  lead: { chance: 0.04, stage: (random) => (random.chance(0.2) ? 'closed_won' : 'closed_lost') },
};

export function seededOpportunities(
  people: readonly SeedPerson[],
  { seed, end }: { seed: number; end: number },
): readonly SeedOpportunity[] {
  const random = seededRandom(seedOf(`opportunities ${seed}`));
  return people.flatMap(({ key, company, lifecycle, createdAt: personCreatedAt }) => {
    const odds = BY_LIFECYCLE[lifecycle ?? ''];
    if (odds === undefined || !random.chance(odds.chance)) return [];
    const createdAt = personCreatedAt + Math.floor(random.next() * (end - personCreatedAt));
    const lasted = random.between(0, MAX_DAYS) * DAY_MS;
    return {
      key: `opportunity-${key}`,
      person: key,
      company,
      stage: odds.stage(random),
      stageAt: Math.min(end, createdAt + lasted),
      amount: random.chance(0.1) ? null : random.between(5, 120) * 1000,
      createdAt,
    };
  });
}

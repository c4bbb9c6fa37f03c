// What the seeded people were sold, or not. Drawn from a source of its own, so that the people and their activities stay as they are.
import type { SeedOpportunity, SeedPerson } from './dataset.ts';
import { type Random, seededRandom, seedOf } from './random.ts';

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 60;

const OPEN = [
  ['demo_scheduled', 3],
  ['demo_completed', 3],
  ['proposal_sent', 2],
  ['negotiation', 2],
] as const;

/** Chance of an opportunity by lifecycle stage, and how it stands. */
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
  return people.flatMap(({ key, company, lifecycle, createdAt: known }) => {
    const likely = BY_LIFECYCLE[lifecycle ?? ''];
    if (likely === undefined || !random.chance(likely.chance)) return [];
    const createdAt = known + Math.floor(random.next() * (end - known));
    const lasted = random.between(0, LONGEST_DAYS) * DAY_MS;
    return {
      key: `opportunity-${key}`,
      person: key,
      company,
      stage: likely.stage(random),
      stageAt: Math.min(end, createdAt + lasted),
      amount: random.chance(0.1) ? null : random.between(5, 120) * 1000,
      createdAt,
    };
  });
}

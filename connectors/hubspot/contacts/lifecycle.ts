// When a contact entered each lifecycle stage, as an outcome: the dates come with the contact, without a call.
import type { DealOutcome } from '../../../src/domain/outcome.ts';
import { toInstant } from '../../../src/mapping/convert-value.ts';
import type { HubSpotObject } from '../http/responses.ts';

// HubSpot's own stages; those that a portal adds have no such date.
const STAGES = [
  ...['subscriber', 'lead', 'marketingqualifiedlead', 'salesqualifiedlead', 'opportunity', 'customer', 'evangelist'],
  'other',
];
const WON: ReadonlySet<string> = new Set(['customer', 'evangelist']);

function dateOf(stage: string): string {
  return `hs_lifecyclestage_${stage}_date`;
}

export const STAGE_DATES: readonly string[] = STAGES.map(dateOf);
export const LIFECYCLE_PROPERTIES: readonly string[] = ['lifecyclestage', ...STAGE_DATES];

/** One at most: none for a contact that never had a stage. Won from the first day as a customer on. */
export function lifecycleOutcomes({ properties }: HubSpotObject): readonly DealOutcome[] {
  const stages = STAGES.flatMap((stage) => {
    const raw = properties[dateOf(stage)];
    const enteredAt = raw ? toInstant(raw) : null;
    return enteredAt === null ? [] : [{ stage, enteredAt }];
  }).toSorted((a, b) => a.enteredAt - b.enteredAt);
  const stage = properties.lifecyclestage || null;
  if (stages.length === 0 && stage === null) return [];
  const isWon = stage !== null && WON.has(stage);
  return [
    {
      id: 'lifecycle',
      source: 'lifecycle',
      pipeline: null,
      stage,
      state: isWon ? 'won' : 'open',
      amount: null,
      currency: null,
      createdAt: stages[0]?.enteredAt ?? null,
      closedAt: isWon ? (stages.find((each) => WON.has(each.stage))?.enteredAt ?? null) : null,
      stages,
    },
  ];
}

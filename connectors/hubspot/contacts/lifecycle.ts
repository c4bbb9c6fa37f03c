// The lifecycle stages of a contact as an outcome. Their dates are properties of the contact, so
// they cost no call.
import type { DealOutcome } from '../../../src/domain/outcome.ts';
import { toInstant } from '../../../src/mapping/values/convert-value.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';

// HubSpot's own stages; a stage that a portal adds has no date property.
const STAGES = [
  ...['subscriber', 'lead', 'marketingqualifiedlead', 'salesqualifiedlead', 'opportunity', 'customer', 'evangelist'],
  'other',
];
const WON: ReadonlySet<string> = new Set(['customer', 'evangelist']);

function dateProperty(stage: string): string {
  return `hs_lifecyclestage_${stage}_date`;
}

export const STAGE_DATES: readonly string[] = STAGES.map(dateProperty);
export const LIFECYCLE_PROPERTIES: readonly string[] = ['lifecyclestage', ...STAGE_DATES];

/**
 * Returns one outcome, or none for a contact that never had a stage. The outcome is won from the
 * first day as a customer on.
 */
export function lifecycleOutcomes({ properties }: HubSpotObject): readonly DealOutcome[] {
  const stages = STAGES.flatMap((stage) => {
    const raw = properties[dateProperty(stage)];
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
      closedAt: isWon ? (stages.find((entered) => WON.has(entered.stage))?.enteredAt ?? null) : null,
      stages,
    },
  ];
}

// Opportunities as outcomes of the Contacts that have a role in them. An Opportunity and its roles change separately, and are one
// stream: what is shown is the same either way.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_opportunity.htm
import type { Fields, FieldValue } from '../../../src/domain/lead.ts';
import type { DealOutcome } from '../../../src/domain/outcome.ts';
import { toInstant } from '../../../src/mapping/convert-value.ts';
import { textOf } from '../people/person-mapping.ts';
import { missingFields } from '../query/visibility.ts';
import { peopleAmong, personIn } from './activity-items.ts';
import { type ItemSource, type Relation, readItems } from './item-stream.ts';
import type { SalesforceParts, StreamReader } from './stream.ts';

const ID = 'opportunities';
const STATE = ['IsClosed', 'IsWon'];
const FIELDS = ['StageName', 'Amount', 'CurrencyIsoCode', 'CreatedDate', 'CloseDate', 'LastStageChangeDate'];
const RELATION: Relation = {
  object: 'OpportunityContactRole',
  item: 'OpportunityId',
  person: 'ContactId',
  fields: [],
  needed: true,
};

export function opportunityStream(parts: SalesforceParts): StreamReader {
  const source: ItemSource = {
    id: ID,
    object: 'Opportunity',
    fields: [...STATE, ...FIELDS],
    relation: RELATION,
    show: ({ id, values, links }) => {
      const outcome = toOutcome(id, values);
      const people = peopleAmong((links ?? []).map(personIn('ContactId')));
      return { outcomes: people.map((ref) => ({ ...outcome, ref })) };
    },
    idsOf: (id) => ({ activities: [], outcomes: [outcomeId(id)] }),
  };
  return {
    stream: { id: ID, activityTypes: [] },
    sight: async (signal) => {
      const needed = { what: 'reading opportunities', object: 'Opportunity', fields: STATE };
      const { object, item, person } = RELATION;
      const people = { what: 'reading who has a role in opportunities', object, fields: [item, person] };
      return (await missingFields(parts, needed, signal)) ?? (await missingFields(parts, people, signal));
    },
    read: (cursor, signal) => readItems(parts, source, cursor, signal),
  };
}

function outcomeId(id: string): string {
  return `opportunity:${id}`;
}

/** What became of it. Of its stages, Salesforce tells the present one alone. */
export function toOutcome(id: string, values: Fields): DealOutcome {
  const stage = textOf(values.StageName);
  const createdAt = instantOf(values.CreatedDate);
  // One that was never moved has been in its stage from the beginning.
  const enteredAt = 'LastStageChangeDate' in values ? (instantOf(values.LastStageChangeDate) ?? createdAt) : null;
  return {
    id: outcomeId(id),
    source: ID,
    pipeline: null,
    stage,
    state: values.IsWon === true ? 'won' : values.IsClosed === true ? 'lost' : 'open',
    amount: numberOf(values.Amount),
    // Where an org has one currency alone, opportunities do not name it.
    currency: textOf(values.CurrencyIsoCode),
    createdAt,
    // Of an open one it is when somebody hopes that it will be won.
    closedAt: values.IsClosed === true ? instantOf(values.CloseDate) : null,
    stages: stage === null || enteredAt === null ? [] : [{ stage, enteredAt }],
  };
}

function instantOf(value: FieldValue | undefined): number | null {
  return value === undefined || value === null || Array.isArray(value) ? null : toInstant(value);
}

function numberOf(value: FieldValue | undefined): number | null {
  if (value === undefined || value === null || typeof value === 'boolean' || Array.isArray(value)) return null;
  const number = Number(value);
  return value === '' || !Number.isFinite(number) ? null : number;
}

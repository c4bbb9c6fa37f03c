// Opportunities as deal outcomes of the Contacts that have a role in them. Opportunities and roles
// change independently but form one stream, because both yield the same outcomes.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_opportunity.htm
import type { Fields, FieldValue } from '../../../src/domain/lead.ts';
import type { DealOutcome } from '../../../src/domain/outcome.ts';
import { isUnreadableDate, toInstant } from '../../../src/mapping/values/instants.ts';
import type { SalesforceParts } from '../parts.ts';
import { textOf } from '../people/person-mapping.ts';
import { missingFields } from '../query/visibility.ts';
import { reconcileItems } from '../reconcile/reconcile-items.ts';
import { fieldValue, personRefs } from './activity-items.ts';
import { type ItemSource, type Relation, readItemPages } from './item-stream.ts';
import type { StreamReader } from './stream-reader.ts';

const ID = 'opportunities';
const STATE = ['IsClosed', 'IsWon'];
const DATES = ['CreatedDate', 'CloseDate', 'LastStageChangeDate'];
const FIELDS = ['StageName', 'Amount', 'CurrencyIsoCode', ...DATES];
const RELATION: Relation = {
  object: 'OpportunityContactRole',
  item: 'OpportunityId',
  person: 'ContactId',
  fields: [],
  isRequired: true,
};

export function opportunityStream(parts: SalesforceParts): StreamReader {
  const source: ItemSource = {
    id: ID,
    object: 'Opportunity',
    kind: 'opportunity',
    fields: [...STATE, ...FIELDS],
    relation: RELATION,
    project: ({ id, values, links }) => {
      const outcome = toOutcome(id, values);
      const people = personRefs((links ?? []).map(fieldValue('ContactId')));
      const undated = people.length === 0 ? undefined : undatedField(values);
      return { outcomes: people.map((ref) => ({ ...outcome, ref })), ...(undated === undefined ? {} : { undated }) };
    },
    possibleIds: (id) => ({ activities: [], outcomes: [outcomeId(id)] }),
  };
  return {
    stream: { id: ID, activityTypes: [] },
    object: source.object,
    checkAvailability: async (signal) => {
      const access = { what: 'reading opportunities', object: 'Opportunity', fields: STATE };
      const { object, item, person } = RELATION;
      const people = { what: 'reading the contact roles of opportunities', object, fields: [item, person] };
      return (await missingFields(parts, access, signal)) ?? (await missingFields(parts, people, signal));
    },
    read: (cursor, signal, setAside) => readItemPages(parts, source, { cursor, setAside }, signal),
    reconcile: (request, signal) => reconcileItems(parts, source, request, signal),
  };
}

function outcomeId(id: string): string {
  return `opportunity:${id}`;
}

/** Salesforce reports only the current stage of an opportunity. */
export function toOutcome(id: string, values: Fields): DealOutcome {
  const stage = textOf(values.StageName);
  const createdAt = instantOf(values.CreatedDate);
  // An opportunity that never moved has been in its stage since its creation.
  const enteredAt = 'LastStageChangeDate' in values ? (instantOf(values.LastStageChangeDate) ?? createdAt) : null;
  return {
    id: outcomeId(id),
    source: ID,
    pipeline: null,
    stage,
    state: values.IsWon === true ? 'won' : values.IsClosed === true ? 'lost' : 'open',
    amount: numberOf(values.Amount),
    // In an org with a single currency, opportunities have no currency field.
    currency: textOf(values.CurrencyIsoCode),
    createdAt,
    // For an open opportunity, CloseDate is only the expected date.
    closedAt: values.IsClosed === true ? instantOf(values.CloseDate) : null,
    stages: stage === null || enteredAt === null ? [] : [{ stage, enteredAt }],
  };
}

/** The field of a date of the outcome that cannot be read; the outcome is without that date. */
function undatedField(values: Fields): string | undefined {
  const used = values.IsClosed === true ? DATES : DATES.filter((field) => field !== 'CloseDate');
  return used.find((field) => {
    const value = values[field];
    return value !== undefined && value !== null && typeof value !== 'object' && isUnreadableDate(value);
  });
}

function instantOf(value: FieldValue | undefined): number | null {
  return value === undefined || value === null || Array.isArray(value) ? null : toInstant(value);
}

function numberOf(value: FieldValue | undefined): number | null {
  if (value === undefined || value === null || typeof value === 'boolean' || Array.isArray(value)) return null;
  const number = Number(value);
  return value === '' || !Number.isFinite(number) ? null : number;
}

// The values that Salesforce derives from other values of a record.
import type { Value } from '../schema/field.ts';
import { textOf, type Values } from './record-table.ts';

type Derive = (values: Values, before: Values, now: string) => Readonly<Record<string, Value>>;

const RESPONSES: ReadonlySet<string> = new Set(['Responded', 'Attended', 'Registered']);

const fullName: Derive = ({ FirstName, LastName }) => ({
  Name: [FirstName, LastName].filter((part) => typeof part === 'string').join(' '),
});

const DERIVED: Readonly<Record<string, Derive>> = {
  Lead: fullName,
  Contact: fullName,
  Task: ({ Status, CompletedDateTime }, before, now) => {
    const closed = Status === 'Completed';
    const completed = closed ? (textOf(CompletedDateTime ?? before.CompletedDateTime) ?? now) : null;
    return { IsClosed: closed, CompletedDateTime: completed };
  },
  // ActivityDateTime and StartDateTime are two names of one value.
  Event: ({ ActivityDateTime, StartDateTime }) => {
    const start = textOf(StartDateTime ?? ActivityDateTime);
    return start === null ? {} : { ActivityDateTime: start, StartDateTime: start, ActivityDate: start.slice(0, 10) };
  },
  CampaignMember: ({ LeadId, ContactId, Status, FirstRespondedDate }, _before, now) => {
    const responded = typeof Status === 'string' && RESPONSES.has(Status);
    return {
      LeadOrContactId: ContactId ?? LeadId ?? null,
      Type: ContactId ? 'Contact' : 'Lead',
      HasResponded: responded,
      FirstRespondedDate: responded ? (FirstRespondedDate ?? now.slice(0, 10)) : null,
    };
  },
  Opportunity: ({ StageName }, before, now) => ({
    IsClosed: StageName === 'Closed Won' || StageName === 'Closed Lost',
    IsWon: StageName === 'Closed Won',
    ...(StageName === before.StageName ? {} : { LastStageChangeDate: now }),
  }),
};

/** @param now ISO instant of the write */
export function derivedValues(type: string, values: Values, before: Values, now: string): Values {
  return DERIVED[type]?.(values, before, now) ?? {};
}

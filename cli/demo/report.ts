// The text of the demo's report: what reps see, and its cost. The numbers come from the APIs of the
// CRMs, the database and the logs of the sandboxes.
import type { Band } from '../../src/scoring/compile/compile.ts';
import { scoreTable } from '../terminal/score-table.ts';
import { type DisplayRecord, isExplanationConsistent, isScored, reasonsOf } from './display-record.ts';
import type { Day } from './simulated-days.ts';

export interface Cost {
  readonly what: string;
  readonly calls: number;
  /** The minimum number of calls for the same result; null: not computed. */
  readonly minimum: number | null;
}

export interface DemoFigures {
  /** As displayed in HubSpot. */
  readonly contacts: readonly DisplayRecord[];
  /** People with a record in both CRMs. */
  readonly both: readonly PersonInBoth[];
  readonly bands: readonly Band[];
  readonly model: string;
  readonly days: readonly Day[];
  readonly costs: readonly Cost[];
  readonly errors: number;
}

export interface PersonInBoth {
  readonly hubspot: DisplayRecord;
  readonly salesforce: DisplayRecord;
}

const MAX_HOTTEST = 10;
const MAX_REASONS = 3;

export function demoReport(figures: DemoFigures): string {
  return [
    ...hottest(figures),
    ...bothCrms(figures),
    ...distribution(figures),
    ...consistency(figures),
    ...threeDays(figures.days),
    ...cost(figures.costs),
    ...(figures.errors === 0
      ? []
      : ['', `${figures.errors} values could not be read; the contacts were scored without them.`]),
  ].join('\n');
}

function hottest({ contacts, bands, model }: DemoFigures): string[] {
  return [
    `THE ${MAX_HOTTEST} HOTTEST CONTACTS, as HubSpot shows them (model ${model})`,
    ...byHotness(contacts, bands, (contact) => contact)
      .slice(0, MAX_HOTTEST)
      .flatMap((contact) => [
        '',
        personLine(contact, bands),
        ...reasonsOf(contact)
          .slice(0, MAX_REASONS)
          .map((line) => `     ${line}`),
      ]),
  ];
}

function byHotness<T>(
  people: readonly T[],
  bands: readonly Band[],
  record: (person: T) => DisplayRecord,
): readonly T[] {
  const positions = new Map(bands.map((band, index) => [band.id, index]));
  const positionOf = (person: T) => positions.get(record(person).status ?? '') ?? bands.length;
  return people
    .filter((person) => isScored(record(person)))
    .toSorted((a, b) => positionOf(a) - positionOf(b) || record(b).total - record(a).total);
}

function personLine(
  { name, title, total, fit, grade, behavior, status }: DisplayRecord,
  bands: readonly Band[],
): string {
  const band = bands.find(({ id }) => id === status);
  return `${name}, ${title ?? 'no title'}: ${total} = fit ${fit} (${grade}) + behavior ${behavior}. ${band?.label ?? status}`;
}

/** A person in both CRMs has one score, displayed in both. */
function bothCrms({ both, bands }: DemoFigures): string[] {
  const scored = both.filter(({ hubspot, salesforce }) => isScored(hubspot) || isScored(salesforce));
  const same = scored.filter(({ hubspot, salesforce }) => {
    return hubspot.status === salesforce.status && hubspot.explanation === salesforce.explanation;
  });
  const fromBoth = both.filter(
    ({ hubspot: { explanation } }) => /HubSpot/.test(explanation) && /Salesforce/.test(explanation),
  );
  const [shown] = byHotness(fromBoth, bands, ({ hubspot }) => hubspot);
  return [
    '',
    'ONE PERSON IN BOTH CRMS',
    '',
    ...(shown === undefined
      ? []
      : [
          `HubSpot contact ${shown.hubspot.id}: ${personLine(shown.hubspot, bands)}`,
          `Salesforce record ${shown.salesforce.id}: ${personLine(shown.salesforce, bands)}`,
          ...reasonsOf(shown.salesforce).map((line) => `     ${line}`),
          '',
        ]),
    `${same.length} of ${scored.length} scored people with a record in both CRMs have the same score and reasons in both.`,
  ];
}

function distribution({ contacts, bands }: DemoFigures): string[] {
  const scored = contacts.filter(isScored);
  return [
    '',
    `${scored.length} SCORED CONTACTS BY BAND AND GRADE (${contacts.length - scored.length} are out of scope: customers, evangelists)`,
    '',
    ...scoreTable(bands, (status, grade) => {
      return scored.filter((contact) => contact.status === status && contact.grade === grade).length;
    }),
  ];
}

function consistency({ contacts }: DemoFigures): string[] {
  const scored = contacts.filter(isScored);
  const right = scored.filter(isExplanationConsistent).length;
  return ['', `Explanations whose lines sum to the score: ${right} of ${scored.length}.`];
}

function threeDays(days: readonly Day[]): string[] {
  return [
    '',
    'THREE DAYS',
    '',
    ...days.map(
      (day) =>
        `${day.date}: at night ${day.decayed} scores changed by decay alone, ${day.writtenByNight} records written; ` +
        `during the day ${day.changes} changes in the CRMs, ${day.writtenByDay} records written`,
    ),
  ];
}

function cost(costs: readonly Cost[]): string[] {
  return [
    '',
    'API CALLS',
    '',
    ...costs.map(
      ({ what, calls, minimum }) => `${what}: ${calls}${minimum === null ? '' : ` (least possible: ${minimum})`}`,
    ),
  ];
}

// The demo's report: what reps see, and what it cost. Text only; the numbers come from the CRM's API, the store and the log.
import type { Band } from '../../src/scoring/compile/compile.ts';
import { scoreTable } from '../terminal/score-table.ts';
import { isExplanationConsistent, isScored, reasonsOf, type SeenRecord } from './seen-record.ts';
import type { Day } from './simulated-days.ts';

export interface Cost {
  readonly what: string;
  readonly calls: number;
  /** The fewest calls that could have done the same, where that can be told. */
  readonly least: number | null;
}

export interface DemoFigures {
  /** As HubSpot shows them. */
  readonly contacts: readonly SeenRecord[];
  /** Those who are in both CRMs. */
  readonly both: readonly InBoth[];
  readonly bands: readonly Band[];
  readonly model: string;
  readonly days: readonly Day[];
  readonly costs: readonly Cost[];
  readonly errors: number;
}

export interface InBoth {
  readonly hubspot: SeenRecord;
  readonly salesforce: SeenRecord;
}

const HOTTEST = 10;
const REASONS = 3;

export function demoReport(figures: DemoFigures): string {
  return [
    ...hottest(figures),
    ...inBoth(figures),
    ...distribution(figures),
    ...sums(figures),
    ...lived(figures.days),
    ...cost(figures.costs),
    ...(figures.errors === 0
      ? []
      : ['', `${figures.errors} values could not be read; the contacts were scored without them.`]),
  ].join('\n');
}

function hottest({ contacts, bands, model }: DemoFigures): string[] {
  return [
    `THE ${HOTTEST} HOTTEST CONTACTS, as HubSpot shows them (model ${model})`,
    ...hottestOf(contacts, bands, (contact) => contact)
      .slice(0, HOTTEST)
      .flatMap((contact) => [
        '',
        personLine(contact, bands),
        ...reasonsOf(contact)
          .slice(0, REASONS)
          .map((line) => `     ${line}`),
      ]),
  ];
}

function hottestOf<T>(people: readonly T[], bands: readonly Band[], seen: (each: T) => SeenRecord): readonly T[] {
  const place = new Map(bands.map((band, index) => [band.id, index]));
  const placeOf = (each: T) => place.get(seen(each).status ?? '') ?? bands.length;
  return people
    .filter((each) => isScored(seen(each)))
    .toSorted((a, b) => placeOf(a) - placeOf(b) || seen(b).total - seen(a).total);
}

function personLine({ name, title, total, fit, grade, behavior, status }: SeenRecord, bands: readonly Band[]): string {
  const band = bands.find((each) => each.id === status);
  return `${name}, ${title ?? 'no title'}: ${total} = fit ${fit} (${grade}) + behavior ${behavior}. ${band?.label ?? status}`;
}

/** One person, one score, whichever CRM a rep looks at. */
function inBoth({ both, bands }: DemoFigures): string[] {
  const scored = both.filter(({ hubspot, salesforce }) => isScored(hubspot) || isScored(salesforce));
  const same = scored.filter(({ hubspot, salesforce }) => {
    return hubspot.status === salesforce.status && hubspot.explanation === salesforce.explanation;
  });
  const fromBoth = both.filter(
    ({ hubspot: { explanation } }) => /HubSpot/.test(explanation) && /Salesforce/.test(explanation),
  );
  const [shown] = hottestOf(fromBoth, bands, ({ hubspot }) => hubspot);
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
    `${same.length} of ${scored.length} scored people who are in both have the same score and the same reasons in both.`,
  ];
}

function distribution({ contacts, bands }: DemoFigures): string[] {
  const scored = contacts.filter(isScored);
  return [
    '',
    `HOW ${scored.length} SCORED CONTACTS ARE SPREAD (${contacts.length - scored.length} are out of scope: customers, evangelists)`,
    '',
    ...scoreTable(bands, (status, grade) => {
      return scored.filter((contact) => contact.status === status && contact.grade === grade).length;
    }),
  ];
}

function sums({ contacts }: DemoFigures): string[] {
  const scored = contacts.filter(isScored);
  const right = scored.filter(isExplanationConsistent).length;
  return ['', `Explanations whose lines sum to the score: ${right} of ${scored.length}.`];
}

function lived(days: readonly Day[]): string[] {
  return [
    '',
    'THREE DAYS',
    '',
    ...days.map(
      (day) =>
        `${day.date}: by night ${day.decayed} scores changed by decay alone, ${day.writtenByNight} records written; ` +
        `by day ${day.happened} things happened, ${day.writtenByDay} records written`,
    ),
  ];
}

function cost(costs: readonly Cost[]): string[] {
  return [
    '',
    'API CALLS',
    '',
    ...costs.map(({ what, calls, least }) => `${what}: ${calls}${least === null ? '' : ` (least possible: ${least})`}`),
  ];
}

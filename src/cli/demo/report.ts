// The demo's report: what reps see, and what it cost. Text only; the numbers come from the CRM's API, the store and the log.
import type { Band } from '../../scoring/compile.ts';
import { scoreTable } from '../score-table.ts';
import type { Day } from './days.ts';
import { addsUp, isScored, reasonsOf, type SeenContact, totalOf } from './seen-contact.ts';

export interface Cost {
  readonly what: string;
  readonly calls: number;
  /** The fewest calls that could have done the same, where that can be told. */
  readonly least: number | null;
}

export interface DemoFigures {
  readonly contacts: readonly SeenContact[];
  readonly bands: readonly Band[];
  readonly model: string;
  readonly days: readonly Day[];
  readonly costs: readonly Cost[];
  readonly errors: number;
}

const HOTTEST = 10;
const REASONS = 3;

export function demoReport(figures: DemoFigures): string {
  return [
    ...hottest(figures),
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
  const place = new Map(bands.map((band, index) => [band.id, index]));
  const placeOf = (contact: SeenContact) => place.get(contact.properties.leadgrade_status ?? '') ?? bands.length;
  const top = contacts
    .filter(isScored)
    .toSorted((a, b) => placeOf(a) - placeOf(b) || totalOf(b) - totalOf(a))
    .slice(0, HOTTEST);
  return [
    `THE ${HOTTEST} HOTTEST CONTACTS, as HubSpot shows them (model ${model})`,
    ...top.flatMap((contact) => [
      '',
      contactLine(contact, bands),
      ...reasonsOf(contact)
        .slice(0, REASONS)
        .map((line) => `     ${line}`),
    ]),
  ];
}

function contactLine({ properties }: SeenContact, bands: readonly Band[]): string {
  const name = [properties.firstname, properties.lastname].filter(Boolean).join(' ') || '(no name)';
  const band = bands.find((each) => each.id === properties.leadgrade_status);
  const scores = `${properties.leadgrade_total_score} = fit ${properties.leadgrade_fit_score} (${properties.leadgrade_fit_grade}) + behavior ${properties.leadgrade_behavior_score}`;
  return `${name}, ${properties.jobtitle ?? 'no title'}: ${scores}. ${band?.label ?? properties.leadgrade_status}`;
}

function distribution({ contacts, bands }: DemoFigures): string[] {
  const scored = contacts.filter(isScored);
  return [
    '',
    `HOW ${scored.length} SCORED CONTACTS ARE SPREAD (${contacts.length - scored.length} are out of scope: customers, evangelists)`,
    '',
    ...scoreTable(bands, (status, grade) => {
      const isThere = ({ properties }: SeenContact) =>
        properties.leadgrade_status === status && properties.leadgrade_fit_grade === grade;
      return scored.filter(isThere).length;
    }),
  ];
}

function sums({ contacts }: DemoFigures): string[] {
  const scored = contacts.filter(isScored);
  const right = scored.filter(addsUp).length;
  return ['', `Explanations whose lines sum to the score: ${right} of ${scored.length}.`];
}

function lived(days: readonly Day[]): string[] {
  return [
    '',
    'THREE DAYS',
    '',
    ...days.map(
      (day) =>
        `${day.date}: by night ${day.decayed} scores changed by decay alone, ${day.writtenByNight} contacts written; ` +
        `by day ${day.happened} things happened, ${day.writtenByDay} contacts written`,
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

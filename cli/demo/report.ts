// The text of the demo's report: what reps see, and its cost. The numbers come from the APIs of the
// CRMs, the database and the logs of the sandboxes.
import type { Band } from '../../src/scoring/compile/compile.ts';
import { comparisonHead, comparisonSections } from '../compare/compare-models.ts';
import { scoreTable } from '../terminal/score-table.ts';
import { type DisplayRecord, isExplanationConsistent, isScored, reasonsOf } from './display-record.ts';
import type { ModelFigures, ShadowFigures } from './models.ts';
import type { Day } from './simulated-days.ts';

export interface Cost {
  readonly what: string;
  readonly calls: number;
  /** The minimum number of calls for the same result; null: not computed. */
  readonly minimum: number | null;
}

export interface DemoFigures {
  /** The first model first. */
  readonly models: readonly ModelFigures[];
  /** Each shadow beside the first model. */
  readonly shadows: readonly ShadowFigures[];
  readonly days: readonly Day[];
  readonly costs: readonly Cost[];
  readonly errors: number;
}

const MAX_HOTTEST = 10;
const MAX_REASONS = 3;

export function demoReport(figures: DemoFigures): string {
  const [first] = figures.models;
  if (first === undefined) throw new Error('The demo has no model.');
  return [
    ...hottest(first),
    ...bothCrms(first),
    ...distribution(first),
    ...sideBySide(figures.models),
    ...figures.shadows.flatMap(besideShadow),
    ...threeDays(figures.days),
    ...cost(figures.costs),
    ...(figures.errors === 0
      ? []
      : ['', `${figures.errors} values could not be read; the contacts were scored without them.`]),
  ].join('\n');
}

function hottest({ contacts, model }: ModelFigures): string[] {
  const { bands, id } = model.compiled;
  return [
    `THE ${MAX_HOTTEST} HOTTEST CONTACTS, as HubSpot shows them (model ${id})`,
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
function bothCrms({ both, model }: ModelFigures): string[] {
  const { bands } = model.compiled;
  const fromBoth = both.filter(
    ({ hubspot: { explanation } }) => /HubSpot/.test(explanation) && /Salesforce/.test(explanation),
  );
  const [shown] = byHotness(fromBoth, bands, ({ hubspot }) => hubspot);
  if (shown === undefined) return [];
  return [
    '',
    'ONE PERSON IN BOTH CRMS',
    '',
    `HubSpot contact ${shown.hubspot.id}: ${personLine(shown.hubspot, bands)}`,
    `Salesforce record ${shown.salesforce.id}: ${personLine(shown.salesforce, bands)}`,
    ...reasonsOf(shown.salesforce).map((line) => `     ${line}`),
  ];
}

function distribution({ contacts, model }: ModelFigures): string[] {
  const scored = contacts.filter(isScored);
  return ['', `${scored.length} CONTACTS BY BAND AND GRADE (model ${model.name})`, '', ...bandTable(scored, model)];
}

function bandTable(scored: readonly DisplayRecord[], { compiled }: ModelFigures['model']): readonly string[] {
  return scoreTable(compiled.bands, (status, grade) => {
    return scored.filter((contact) => contact.status === status && contact.grade === grade).length;
  });
}

/** How many leads each model scores, and that what it writes adds up. */
function sideBySide(models: readonly ModelFigures[]): string[] {
  return ['', `${models.length} MODELS SIDE BY SIDE (docs/several-models.md)`, ...models.flatMap(modelLines)];
}

function modelLines({ model, leads, contacts, both }: ModelFigures, index: number): readonly string[] {
  const { name, role, compiled } = model;
  const heading = `${name} (${compiled.id}, ${role}) scores ${leads} leads.`;
  if (role === 'shadow') return ['', `${heading} It writes nothing: its results stay in the database.`];
  const scored = contacts.filter(isScored);
  const right = scored.filter(isExplanationConsistent).length;
  const inBoth = both.filter(({ hubspot, salesforce }) => isScored(hubspot) || isScored(salesforce));
  const same = inBoth.filter(({ hubspot, salesforce }) => {
    return hubspot.status === salesforce.status && hubspot.explanation === salesforce.explanation;
  });
  return [
    '',
    heading,
    `     ${right} of ${scored.length} contacts in HubSpot: fit and behavior add up to the total, and so do the lines of the explanation.`,
    `     ${same.length} of ${inBoth.length} people with a record in both CRMs: the same score and reasons in both.`,
    ...(index === 0 ? [] : ['', ...bandTable(scored, model)]),
  ];
}

/** What `npx leadgrade compare models` says. */
function besideShadow({ comparison, differences }: ShadowFigures): readonly string[] {
  const [live, shadow] = comparison.models;
  const why = comparisonSections(comparison).at(-1) ?? [];
  return [
    '',
    `LIVE BESIDE SHADOW: what npx leadgrade compare models ${live.name} ${shadow.name} says`,
    '',
    `${shadow.name} is a draft of ${live.name}. What differs:`,
    ...differences.map((line) => `     ${line}`),
    '',
    ...comparisonHead(comparison),
    '',
    ...why,
  ];
}

function threeDays(days: readonly Day[]): string[] {
  return [
    '',
    'THREE DAYS',
    '',
    ...days.map(
      (day) =>
        `${day.date}: at night decay alone changed the result of ${day.decayed} leads with any of the models, ${day.writtenByNight} records written; ` +
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

// Words a result for a sales rep. It computes no points: its lines are the contributions of the result, largest first, so
// that they sum to the total whatever the length they are cut to. It carries dates, not ages, and so stays true.
import type { Lead } from '../../domain/lead.ts';
import type { Contribution, ScoreResult } from '../../domain/score-result.ts';
import { type Assessment, assess } from '../assess.ts';
import type { CompiledModel } from '../compile/compile.ts';
import { smallestUpgrade } from '../look-ahead/counterfactuals.ts';
import { findNextChange } from '../look-ahead/next-change.ts';
import { bandIndex } from '../status.ts';
import { originsOf } from './reason-origins.ts';

export interface ExplainOptions {
  /** IANA name, e.g. `Europe/Berlin`. */
  readonly timezone: string;
  /** UTF-16 units that the CRM's field holds; absent = no limit. */
  readonly maxLength?: number;
}

/**
 * @param lead the lead and `model` the model that gave `result` at `now` (epoch ms)
 * @returns lines: the sum, contributions (the only lines that begin with a sign and a number), gates, what comes next
 * @throws RangeError when the time zone is unknown
 */
export function explain(
  result: ScoreResult,
  lead: Lead,
  model: CompiledModel,
  now: number,
  options: ExplainOptions,
): string {
  const date = dateIn(options.timezone);
  const context = { previousStatus: result.status, ...(result.thresholds && { thresholds: result.thresholds }) };
  // What comes next is seen from the status of the result, which may rest on a previous status that is not known here.
  const place = bandIndex(model.status, result.status);
  const assessment = { ...assess(lead, model, now, context), place };
  const reasons = result.contributions
    .filter(({ points }) => points !== 0)
    .sort((a, b) => Math.abs(b.points) - Math.abs(a.points) || Math.abs(b.exact) - Math.abs(a.exact));
  return cut(
    {
      head: headline(result, date(now)),
      reasons: reasons.map((each) => ({
        points: each.points,
        text: reasonLine(each, model, { date, origins: originsOf(each, lead, model, now) }),
      })),
      held: [...overrideLines(lead, model), ...gateLines(result, model)],
      next: nextLines(assessment, now, date),
    },
    options.maxLength ?? Infinity,
  );
}

interface Text {
  readonly head: string;
  readonly reasons: readonly { readonly points: number; readonly text: string }[];
  readonly held: readonly string[];
  readonly next: readonly string[];
}

/** What comes next goes first, then the smallest reasons, then what holds the lead back; the sum of the reasons never. */
function cut(text: Text, maxLength: number): string {
  for (const version of versions(text)) if (version.length <= maxLength) return version;
  return '';
}

function* versions({ head, reasons, held, next }: Text): Generator<string> {
  for (let count = next.length; count >= 0; count--) {
    yield join(
      head,
      reasons.map((reason) => reason.text),
      held,
      next.slice(0, count),
    );
  }
  for (let kept = reasons.length - 2; kept >= 1; kept--) yield join(head, shortened(reasons, kept), held);
  for (let kept = reasons.length; kept >= 0; kept--) yield join(head, shortened(reasons, kept));
  yield join(...shortened(reasons, 0));
}

function shortened(reasons: Text['reasons'], kept: number): string[] {
  const rest = reasons.slice(kept);
  const lines = reasons.slice(0, kept).map((reason) => reason.text);
  if (rest.length === 0) return lines;
  const sum = rest.reduce((total, reason) => total + reason.points, 0);
  return [
    ...lines,
    `${signed(sum)} from ${rest.length} ${kept > 0 ? 'smaller ' : ''}${rest.length === 1 ? 'reason' : 'reasons'}`,
  ];
}

function join(...parts: (string | readonly string[])[]): string {
  return parts.flat().join('\n');
}

function headline({ total, fit, grade, behavior }: ScoreResult, today: string): string {
  const sum = `${total} = fit ${fit.score} (${grade}) + behavior ${behavior.score}, as of ${today}`;
  // Only contributions begin with a sign.
  return total < 0 ? `Total ${sum}` : sum;
}

interface Wording {
  readonly date: (at: number) => string;
  /** The CRMs that it comes from, where that is to be said. */
  readonly origins: readonly string[];
}

function reasonLine(contribution: Contribution, model: CompiledModel, wording: Wording): string {
  const { label, notes } = reason(contribution, model, wording.date);
  const origin = wording.origins.join(' and ');
  const inBrackets = [...notes, ...(origin === '' ? [] : [origin])].join('; ');
  return `${signed(contribution.points)} ${oneLine(inBrackets === '' ? label : `${label} (${inBrackets})`)}`;
}

interface Reason {
  readonly label: string;
  /** What stands in brackets behind it. */
  readonly notes: readonly string[];
}

function reason(contribution: Contribution, model: CompiledModel, date: (at: number) => string): Reason {
  const { dimension, signal, label, latestAt, count = 1, exact } = contribution;
  if (dimension === 'fit') {
    const criterion = model.fit.criteria.find((each) => each.id === signal)?.label ?? label;
    return { label, notes: criterion === label ? [] : [criterion] };
  }
  const limit = exact > 0 ? 'raised to its minimum' : 'limited to its maximum';
  if (signal === 'limit:behavior') return { label: `Behavior ${limit}`, notes: [] };
  if (model.behavior.groups.some((group) => `cap:${group.id}` === signal)) {
    return { label, notes: [limit] };
  }
  if (latestAt === undefined) return { label, notes: [] };
  return { label, notes: [count > 1 ? `${count} times, last on ${date(latestAt)}` : date(latestAt)] };
}

function overrideLines(lead: Lead, model: CompiledModel): string[] {
  return model.fit.overrides
    .filter((each) => each.test(lead.fields) === 'matched')
    .map(({ label, minGrade, maxGrade }) => {
      const limits = [minGrade && `at least ${minGrade}`, maxGrade && `at best ${maxGrade}`].filter(Boolean);
      return oneLine(`Grade ${limits.join(', ')}: ${label}`);
    });
}

function gateLines({ gates }: ScoreResult, model: CompiledModel): string[] {
  return gates.map(({ label, max_band, lift }) => {
    const band = model.bands.find((each) => each.id === max_band)?.label ?? max_band;
    return oneLine(`Held at ${band}: ${label}. Would be lifted by ${lift.join(', ')}`);
  });
}

function nextLines(assessment: Assessment, now: number, date: (at: number) => string): string[] {
  const { bands } = assessment.model;
  const labelAt = (place: number) => bands[place]?.label ?? '';
  const change = findNextChange(assessment, now, 'status');
  const step = smallestUpgrade(assessment, now);
  const lines: string[] = [];
  if (change) {
    const verb = change.place > assessment.place ? 'Falls' : 'Rises';
    lines.push(oneLine(`${verb} to ${labelAt(change.place)} on ${date(change.at)} without further activity`));
  }
  if (step) lines.push(oneLine(`Would reach ${labelAt(step.place)} with one more: ${step.signal.label}`));
  return lines;
}

const UNEVEN_SPACE = /[^\S ]| {2}|^ | $/;

function signed(points: number): string {
  return points < 0 ? `${points}` : `+${points}`;
}

/** Labels come from a file that people edit: a line break in one must not make a line of its own. */
function oneLine(text: string): string {
  return UNEVEN_SPACE.test(text) ? text.replace(/\s+/gu, ' ').trim() : text;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `22 Nov 2026` */
function dateIn(timeZone: string): (at: number) => string {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'short', year: 'numeric' });
    formats.set(timeZone, format);
  }
  // British English is the only one in this order, and the only one that writes Sept.
  return (at) => format.format(at).replace('Sept', 'Sep');
}

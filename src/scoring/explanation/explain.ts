// Writes the explanation of a result for a sales rep. It computes no points: its lines are the
// contributions of the result, largest first, and sum to the total at any length. It contains dates
// instead of ages, so that it stays true.
import type { Contribution, ScoreResult } from '../../domain/score-result.ts';
import { type Standing, standingOf } from '../assess.ts';
import type { CompiledModel } from '../compile/compile.ts';
import { remember } from '../compile/remember.ts';
import type { LeadSource } from '../ledger.ts';
import { smallestUpgrade } from '../look-ahead/counterfactuals.ts';
import { findNextChange } from '../look-ahead/next-change.ts';
import { cutToLength, signed } from './cut-to-length.ts';
import { type DateText, dateIn } from './dates.ts';
import { originsOf } from './reason-origins.ts';
import { ungradedLines, unmetLines } from './what-is-missing.ts';

export interface ExplainOptions {
  /** IANA name, e.g. `Europe/Berlin`. */
  readonly timezone: string;
  /** The length of the CRM's field in UTF-16 units; absent = no limit. */
  readonly maxLength?: number;
}

/**
 * @param lead the lead and `model` the model that gave `result` at `now` (epoch ms)
 * @returns lines: the sum, the contributions (the only lines that begin with a sign and a number),
 *   overrides, gates and unmet requirements, the next change and the next step
 * @throws RangeError when the time zone is unknown
 */
export function explain(
  result: ScoreResult,
  lead: LeadSource,
  model: CompiledModel,
  now: number,
  options: ExplainOptions,
): string {
  const date = dateIn(options.timezone);
  const standing = standingOf(result, lead, model);
  const reasons = result.contributions
    .filter(({ points }) => points !== 0)
    .sort((a, b) => Math.abs(b.points) - Math.abs(a.points) || Math.abs(b.exact) - Math.abs(a.exact));
  return cutToLength(
    {
      headline: headlineOf(result, date(now)),
      reasons: reasons.map((each) => ({
        points: each.points,
        text: reasonLine(each, model, { date, origins: originsOf(each, lead, model, now) }),
      })),
      limits: [...overrideLines(lead, model), ...gateLines(result, model), ...missingLines(standing, result, lead)],
      next: nextLines(standing, result, now, date),
    },
    options.maxLength ?? Infinity,
  );
}

function headlineOf({ total, fit, grade, behavior }: ScoreResult, today: string): string {
  const sum = `${total} = fit ${fit.score} (${grade}) + behavior ${behavior.score}, as of ${today}`;
  // Only contributions begin with a sign.
  return total < 0 ? `Total ${sum}` : sum;
}

interface Wording {
  readonly date: DateText;
  /** Names of the CRMs that the reason comes from; empty for a person in one CRM. */
  readonly origins: readonly string[];
}

function reasonLine(contribution: Contribution, model: CompiledModel, wording: Wording): string {
  const { label, note } = reason(contribution, model, wording.date);
  const origin = wording.origins.join(' and ');
  const inBrackets = note === '' || origin === '' ? note + origin : `${note}; ${origin}`;
  const sentence = `${signed(contribution.points)} ${oneLine(label)}`;
  return inBrackets === '' ? sentence : `${sentence} (${inBrackets})`;
}

interface Reason {
  readonly label: string;
  /** For the brackets after the label; '' = nothing. */
  readonly note: string;
}

function reason(contribution: Contribution, model: CompiledModel, date: DateText): Reason {
  const { dimension, signal, label, latestAt, count = 1, exact } = contribution;
  if (dimension === 'fit') {
    const criterion = model.fit.criteria.find((each) => each.id === signal)?.label ?? label;
    return { label, note: criterion === label ? '' : oneLine(criterion) };
  }
  const limit = exact > 0 ? 'raised to its minimum' : 'limited to its maximum';
  if (signal === 'limit:behavior') return { label: `Behavior ${limit}`, note: '' };
  if (model.behavior.groups.some((group) => `cap:${group.id}` === signal)) {
    return { label, note: limit };
  }
  if (latestAt === undefined) return { label, note: '' };
  return { label, note: count > 1 ? `${count} times, last on ${date(latestAt)}` : date(latestAt) };
}

function overrideLines(lead: LeadSource, model: CompiledModel): string[] {
  return model.summarize(lead).overrides.map(({ label, minGrade, maxGrade }) => {
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

function missingLines(standing: Standing, result: ScoreResult, lead: LeadSource): string[] {
  return [...unmetLines(standing), ...ungradedLines(result, lead, standing.model)].map(oneLine);
}

function nextLines(standing: Standing, { nextChangeAt }: ScoreResult, now: number, date: DateText): string[] {
  const { bands } = standing.model;
  const labelOf = (bandIndex: number) => oneLine(bands[bandIndex]?.label ?? '');
  // The status changes with the result or later.
  const change = nextChangeAt === null ? null : findNextChange(standing, now, 'status', nextChangeAt - 1);
  const step = smallestUpgrade(standing, now);
  const lines: string[] = [];
  if (change) {
    const verb = change.bandIndex > standing.bandIndex ? 'Falls' : 'Rises';
    lines.push(`${verb} to ${labelOf(change.bandIndex)} on ${date(change.at)} without further activity`);
  }
  if (step) lines.push(`Would reach ${labelOf(step.bandIndex)} with one more: ${oneLine(step.signal.label)}`);
  return lines;
}

const UNEVEN_SPACE = /[^\S ]| {2}|^ | $/;
const MAX_LABELS = 5_000;

/** Labels come from a file that people edit: a line break in a label must not start a new line. */
const oneLine = remember(
  (label: string) => (UNEVEN_SPACE.test(label) ? label.replace(/\s+/gu, ' ').trim() : label),
  MAX_LABELS,
);

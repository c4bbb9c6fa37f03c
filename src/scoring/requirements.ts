// What a band requires besides its points: whether it holds, and what is missing, in words.
import type { Grade } from '../domain/score-result.ts';
import { isAtLeastGrade } from './fit.ts';
import { reaches } from './rounding.ts';
import type { SignalSource } from './schemas/signal-schema.ts';
import type { Requires } from './schemas/status-schema.ts';

/**
 * The values that bands compare. `strong`: by signal index, true = worth at least 1 point; set for
 * the signals that a band requires.
 */
export interface LeadPosition {
  readonly grade: Grade;
  readonly fit: number;
  readonly behavior: number;
  readonly strong: readonly boolean[];
}

export interface Requirement {
  /** The behavior score that it asks for, if it is about that. */
  readonly minBehavior?: number;
  holds(position: LeadPosition): boolean;
  /** What a lead lacks that does not meet it: `fit 20: 7 more`. */
  missing(position: LeadPosition): string;
}

type Signal = Pick<SignalSource, 'id' | 'label'>;

export function compileRequires(requires: Requires, signals: readonly Signal[]): Requirement[] {
  const { min_grade, exclude_grades, min_behavior, min_fit, min_signals, any_signal } = requires;
  const all: Requirement[] = [];
  if (min_grade !== undefined) {
    const needed = min_grade === 'A' ? 'grade A' : `grade ${min_grade} or better`;
    all.push({
      holds: ({ grade }) => isAtLeastGrade(grade, min_grade),
      missing: ({ grade }) => `${needed}: it is ${grade}`,
    });
  }
  if (exclude_grades !== undefined) {
    all.push({
      holds: ({ grade }) => !exclude_grades.includes(grade),
      missing: ({ grade }) => `a grade other than ${exclude_grades.join(', ')}: it is ${grade}`,
    });
  }
  if (min_behavior !== undefined) {
    all.push({ ...atLeast('behavior', min_behavior, ({ behavior }) => behavior), minBehavior: min_behavior });
  }
  if (min_fit !== undefined) all.push(atLeast('fit', min_fit, ({ fit }) => fit));
  if (min_signals !== undefined) {
    const name = (needed: number) => `${needed} signals of 1 point or more`;
    all.push(atLeast(name, min_signals, ({ strong }) => strong.filter(Boolean).length));
  }
  if (any_signal !== undefined) all.push(oneOf(any_signal, signals));
  return all;
}

function atLeast(
  name: string | ((needed: number) => string),
  needed: number,
  read: (position: LeadPosition) => number,
): Requirement {
  const what = typeof name === 'string' ? `${name} ${needed}` : name(needed);
  return {
    holds: (position) => reaches(read(position), needed),
    // Two decimals: a model may require 12.5 points.
    missing: (position) => `${what}: ${Math.round((needed - read(position)) * 100) / 100} more`,
  };
}

function oneOf(ids: readonly string[], signals: readonly Signal[]): Requirement {
  const indexes = ids.map((id) => signals.findIndex((signal) => signal.id === id));
  const labels = indexes.map((index) => signals[index]?.label ?? signals[index]?.id ?? '');
  return {
    holds: ({ strong }) => indexes.some((index) => strong[index] === true),
    missing: () => `one of these to be worth 1 point or more: ${labels.join(', ')}`,
  };
}

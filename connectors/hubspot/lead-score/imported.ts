// What the import of a lead score gives: parts of a model, and notes on what does not map.
import type { Mapping } from '../../../src/mapping/mapping.ts';

/** What a person must write by hand, or must know. */
export interface ImportNote {
  /** The part of the score by its name, e.g. `group "Web", rule 2`. */
  readonly part: string;
  readonly why: string;
  /** What to write by hand. */
  readonly write: string;
}

/** A condition, case, criterion or signal of a model file. */
export type Part = Readonly<Record<string, unknown>>;

export interface RulePlace {
  readonly mapping: Mapping;
  /** `group "Web", rule 2` */
  readonly part: string;
  /** A prefix of ids. */
  readonly id: string;
  /** Its name, as a sales rep reads it. */
  readonly label: string;
}

export interface Translated {
  readonly parts: readonly Part[];
  readonly notes: readonly ImportNote[];
}

/** Nothing but a note. */
export function unmapped({ part }: Pick<RulePlace, 'part'>, why: string, write: string): Translated {
  return { parts: [], notes: [{ part, why, write }] };
}

export function joined(all: readonly Translated[]): Translated {
  return { parts: all.flatMap(({ parts }) => parts), notes: all.flatMap(({ notes }) => notes) };
}

/** `Web visits!` -> `web_visits` */
export function toId(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_')
      .replaceAll(/^_+|_+$/g, '') || 'rule'
  );
}

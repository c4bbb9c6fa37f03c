// What the lines of a model's results depend on: the fields of criteria and state signals, the activities of the others.
import type { Fields } from '../../domain/lead.ts';
import type { LineTexts } from '../../domain/stored-lines.ts';
import type { CompiledModel } from '../../scoring/compile/compile.ts';
import { lineTexts } from '../../scoring/line-texts.ts';
import type { Model } from '../../scoring/schemas/model-schema.ts';

export interface LineReader {
  readonly texts: LineTexts;
  /** The fields from which the line gets its points. */
  fieldsOf(line: string): readonly string[];
  /** Whether the line gets or loses points by an activity like this. */
  counts(line: string, activity: { readonly type: string; readonly attributes: Fields }): boolean;
  /** Whether the points of the line fade. */
  fades(line: string): boolean;
}

export function lineReader(source: Model, { behavior, ...model }: CompiledModel): LineReader {
  const criteria = new Map((source.fit?.criteria ?? []).map((each) => [each.id, [...fieldNames(each)]]));
  const signals = new Map(behavior.signals.map((signal) => [signal.id, signal]));
  return {
    texts: lineTexts({ behavior, ...model }),
    fieldsOf: (line) => {
      const signal = signals.get(line);
      return signal?.kind === 'state' ? signal.fields : (criteria.get(line) ?? []);
    },
    counts: (line, { type, attributes }) => {
      const signal = signals.get(line);
      if (signal === undefined || signal.kind === 'state') return false;
      if (signal.kind === 'absent' && signal.requires === type) return true;
      return signal.activity === type && signal.where(attributes);
    },
    fades: (line) => {
      const kind = signals.get(line)?.kind;
      return kind === 'counted' || kind === 'tiered';
    },
  };
}

/** The values of all keys `field`. */
function* fieldNames(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    if (key === 'field' && typeof each === 'string') yield each;
    else yield* fieldNames(each);
  }
}

/** Of a model that cannot be read: its lines are named by their ids. */
export const NO_READER: LineReader = {
  texts: new Map(),
  fieldsOf: () => [],
  counts: () => false,
  fades: () => false,
};

// Writes our fields by sObject Collections: 200 records of one object a call, each with an outcome of its own.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_update.htm
import { z } from 'zod';
import type { RecordRef, ScorePatch, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { chunksOf } from '../../../src/domain/chunks.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import { isVisible } from '../query/visibility.ts';
import type { SalesforceParts } from '../streams/stream.ts';
import { describeAgain, toFields } from './own-fields.ts';
import { type RefusedRow, type RowError, resultsOfRefused, toConfigurationError } from './refused-rows.ts';

/** Salesforce takes no more. */
export const WRITE_BATCH = 200;
/** Our explanation's field holds so many characters; a cell of the Bulk API takes no more, either. */
export const MAX_TEXT = 32_000;

/** Records of one call share the limits of the org's triggers. Fewer than these are too many for no sound trigger. */
const FEWEST_FOR_TRIGGERS = 50;

// A duplicate rule that only warns is for people: what we write is no reason for two records to be the same.
const ALLOW_DUPLICATES = { 'Sforce-Duplicate-Rule-Header': 'allowSave=true' };

const rowErrorSchema = z
  .looseObject({
    // The documents say errorCode, an org says statusCode.
    statusCode: z.string().optional(),
    errorCode: z.string().optional(),
    message: z.string().default(''),
    fields: z.array(z.string()).nullish(),
  })
  .transform(({ statusCode, errorCode, message, fields }): RowError => {
    return { code: statusCode ?? errorCode ?? '', message, fields: fields ?? [] };
  });

const collectionAnswer = z.array(
  z.looseObject({ id: z.string().nullish(), success: z.boolean(), errors: z.array(rowErrorSchema).default([]) }),
);

export type WriteScores = (patches: readonly ScorePatch[], signal: AbortSignal) => Promise<readonly WriteResult[]>;

/**
 * One outcome per patch; at most `WRITE_BATCH` patches. A repeated write changes nothing, so a time-out is simply tried again.
 * Calls for one object go one after the other: two at once would wait for each other's row locks.
 */
export function createScoreWriter(parts: SalesforceParts): WriteScores {
  const inTurn = createTurns();
  return async (patches, signal) => {
    if (patches.length > WRITE_BATCH) throw new RangeError(`at most ${WRITE_BATCH} patches are written at a time`);
    const outcomes: WriteResult[] = [];
    for (const [object, group] of Map.groupBy(patches, ({ ref }) => ref.object)) {
      const write = () => writeObject(parts, object, group, signal);
      const isFirst = outcomes.length === 0;
      outcomes.push(...(await inTurn(object, isFirst ? write : () => orFailed(group, write))));
    }
    return outcomes;
  };
}

type Turns = <T>(key: string, work: () => Promise<T>) => Promise<T>;

function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(work);
    last.set(
      key,
      mine.catch(() => undefined),
    );
    return mine;
  };
}

async function writeObject(
  parts: SalesforceParts,
  object: string,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  await describeAgain(parts, object, signal);
  // As a read of them says: the org may do without Leads, or without Contacts, by now.
  if (!(await isVisible(parts, object, signal))) return patches.map(({ ref }) => ({ kind: 'gone', ref }));
  // By id, so that two who write the same records lock them in the same order.
  const unique = new Map(patches.map((patch) => [patch.ref.id, patch]));
  const sorted = [...unique.values()].toSorted((a, b) => (a.ref.id < b.ref.id ? -1 : 1));
  const { written, refused } = await send(parts, object, sorted, signal);
  const exhausting = new Set(refused.filter(isTooMuchForTriggers).map(({ ref }) => ref.id));
  const rest = refused.filter(({ ref }) => !exhausting.has(ref.id));
  const outcomes: WriteResult[] = [
    ...written.map((ref): WriteResult => ({ kind: 'written', ref, modifiedAt: null })),
    ...(await resultsOfRefused(parts, sorted.length > FEWEST_FOR_TRIGGERS ? rest : refused, signal)),
  ];
  if (exhausting.size === 0 || sorted.length <= FEWEST_FOR_TRIGGERS) return outcomes;
  const again = sorted.filter(({ ref }) => exhausting.has(ref.id));
  const size = Math.max(FEWEST_FOR_TRIGGERS, Math.ceil(sorted.length / 2));
  for (const half of chunksOf(again, size)) {
    outcomes.push(...(await orFailed(half, () => writeObject(parts, object, half, signal))));
  }
  return outcomes;
}

interface Answered {
  readonly written: readonly RecordRef[];
  readonly refused: readonly RefusedRow[];
}

async function send(
  parts: SalesforceParts,
  object: string,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<Answered> {
  const { http, mapping, schema } = parts;
  try {
    const results = await http.call(
      {
        what: `writing scores of ${object} records`,
        method: 'PATCH',
        path: '/composite/sobjects',
        headers: ALLOW_DUPLICATES,
        body: { allOrNone: false, records: toRecords(mapping, object, patches) },
        answer: collectionAnswer,
      },
      signal,
    );
    return inOrder(patches, results);
  } catch (error) {
    if (!(error instanceof ConnectorError) || !REFUSED_WHOLE.has(error.code ?? '')) throw error;
    // What was described is no longer so.
    schema.forget();
    throw toConfigurationError({ code: error.code ?? '', message: error.message, fields: [] });
  }
}

/** The whole call is refused for a field that is not there or hidden, or of another type than ours. */
const REFUSED_WHOLE: ReadonlySet<string> = new Set([
  'INVALID_FIELD',
  'INVALID_TYPE',
  'JSON_PARSER_ERROR',
  'INVALID_TYPE_FOR_OPERATION',
]);

function toRecords(mapping: Mapping, object: string, patches: readonly ScorePatch[]) {
  const names = writtenFields(mapping);
  return patches.map(({ ref, values }) => ({
    attributes: { type: object },
    id: ref.id,
    ...Object.fromEntries(toFields(names, values)),
  }));
}

/** Results name no record where they failed: only their place tells whose they are. */
function inOrder(patches: readonly ScorePatch[], results: z.infer<typeof collectionAnswer>): Answered {
  const written: RecordRef[] = [];
  const refused: RefusedRow[] = [];
  for (const [at, { ref }] of patches.entries()) {
    const result = results[at];
    if (result === undefined || results.length !== patches.length || !isFor(ref, result.id)) throw outOfOrder();
    if (result.success) written.push(ref);
    else refused.push({ ref, errors: result.errors });
  }
  return { written, refused };
}

function isFor(ref: RecordRef, id: string | null | undefined): boolean {
  return id === null || id === undefined || id.slice(0, 15) === ref.id.slice(0, 15);
}

function outOfOrder(): ConnectorError {
  const message = "Salesforce's answer to a write does not have the records that were asked for";
  return new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'UNEXPECTED_ANSWER' });
}

function isTooMuchForTriggers({ errors }: RefusedRow): boolean {
  return errors.some(({ message }) => /\bLimitException\b|Apex CPU time limit exceeded/i.test(message));
}

/** What the call could not say, a later one may. */
const PASSING: ReadonlySet<string> = new Set(['retry', 'rate-limited', 'budget-spent']);

/** Records whose neighbors have been answered for: what was written there must not be forgotten for trouble here. */
async function orFailed(
  patches: readonly ScorePatch[],
  write: () => Promise<readonly WriteResult[]>,
): Promise<readonly WriteResult[]> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof ConnectorError) || !PASSING.has(error.kind)) throw error;
    return patches.map(({ ref }) => ({ kind: 'failed', ref, error }));
  }
}

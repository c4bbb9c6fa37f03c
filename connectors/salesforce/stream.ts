// What the streams share: the connector's parts, an empty page, and the order "list everything once, then what changes".
import { z } from 'zod';
import type { Clock } from '../../src/domain/clock.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import type { ActivityProjector } from '../../src/mapping/project-activities.ts';
import type { ChangePage, ChangeStream, Cursor, StreamSight } from '../connector.ts';
import { ConnectorError } from '../connector-error.ts';
import { type ChangedRows, changesCursorSchema, changesFrom, readChanges } from './changes.ts';
import type { Schema } from './describe.ts';
import type { SalesforceHttp } from './http.ts';
import type { PersonProjection } from './person-projection.ts';
import { PAGE_ROWS, type Row, readRows } from './query.ts';
import type { SalesforceSettings } from './settings.ts';
import { all, type Condition, compare, id } from './soql.ts';

/** What every part of the connector is made from. */
export interface SalesforceParts {
  readonly http: SalesforceHttp;
  readonly schema: Schema;
  readonly clock: Clock;
  readonly settings: SalesforceSettings;
  readonly mapping: Mapping;
  readonly people: PersonProjection;
  readonly toActivity: ActivityProjector;
}

export interface StreamReader {
  readonly stream: ChangeStream;
  /** Whether this user may read the stream; null = it may. */
  sight(signal: AbortSignal): Promise<StreamSight['denied']>;
  /** Without it nobody can be scored. */
  readonly needed?: true;
  read(cursor: Cursor | null, signal: AbortSignal): AsyncIterable<ChangePage>;
}

export function emptyPage(cursor: Cursor, whole: boolean): ChangePage {
  return { leads: [], dirty: [], activities: [], gone: [], outcomes: [], cursor, whole };
}

/**
 * The cursor as this stream writes it.
 * @throws ConnectorError `invalid` when it was written by something else
 */
function parseCursor<T>(schema: z.ZodType<T>, stream: string, cursor: Cursor): T {
  const parsed = schema.safeParse(cursor);
  if (parsed.success) return parsed.data;
  throw new ConnectorError({
    kind: 'invalid',
    crm: 'salesforce',
    message: `The stored cursor of the stream ${stream} cannot be read: ${parsed.error.issues[0]?.message ?? ''}`,
    code: 'CURSOR',
    fix: 'Read the stream from its beginning: leadgrade backfill.',
  });
}

const listCursorSchema = z.object({
  phase: z.literal('list'),
  /** The last id that was listed; null: none yet. */
  after: z.string().nullable(),
  /** Everything is listed; what remains is to say so. */
  listed: z.boolean(),
  /** When the listing began (epoch ms, our clock): the changes go on from there. */
  began: z.number(),
});
const phasesSchema = z.discriminatedUnion('phase', [listCursorSchema, changesCursorSchema]);

export interface ListedThenChanged {
  /** Of the stream. */
  readonly id: string;
  readonly object: string;
  readonly fields: readonly string[];
  /** Of the listing alone: changes are read whatever they are, as a record may have left what is listed. */
  readonly where?: Condition;
  /** One page of the first pull: records that are there. */
  fromListed(rows: readonly Row[], signal: AbortSignal): Promise<Partial<ChangePage>>;
  /** One page of changes; those that were deleted have `IsDeleted`. */
  fromChanged(rows: readonly Row[], signal: AbortSignal): Promise<Partial<ChangePage>>;
}

const THERE = compare('IsDeleted', '=', false);

/** The whole list first (`whole: true`), then an empty page that says that it ended; later, what changes. */
export async function* listThenChanges(
  parts: SalesforceParts,
  source: ListedThenChanged,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const beginning = { phase: 'list', after: null, listed: false, began: parts.clock.now().getTime() };
  let state = parseCursor(phasesSchema, source.id, cursor ?? beginning);
  while (state.phase === 'list') {
    if (state.listed) {
      yield emptyPage(changesFrom(state.began + parts.http.clockSkewMs()), false);
      // What changed meanwhile comes with the next poll: a pull is either the whole pass or what follows it.
      return;
    }
    const { rows, more } = await listedPage(parts, source, state.after, signal);
    state = { ...state, after: rows.at(-1)?.id ?? state.after, listed: !more };
    yield { ...emptyPage(state, true), ...(await source.fromListed(rows, signal)) };
  }
  for await (const changed of readChanges(parts, source, state, signal)) {
    yield await changedPage(source, changed, signal);
  }
}

function listedPage(parts: SalesforceParts, source: ListedThenChanged, after: string | null, signal: AbortSignal) {
  const { object, fields, where } = source;
  const behind = after === null ? [] : [compare('Id', '>', id(after))];
  const conditions = all(THERE, ...(where === undefined ? [] : [where]), ...behind);
  const query = {
    what: `reading ${source.id}`,
    from: object,
    fields: ['SystemModstamp', ...fields],
    // Activities of more than a year ago are archived, and shown to this kind of query alone.
    deleted: true,
    where: conditions,
    orderBy: ['Id'],
    limit: PAGE_ROWS,
  };
  return readRows(parts, query, signal);
}

async function changedPage(source: ListedThenChanged, changed: ChangedRows, signal: AbortSignal): Promise<ChangePage> {
  const content = changed.rows.length === 0 ? {} : await source.fromChanged(changed.rows, signal);
  return { ...emptyPage(changed.cursor, false), ...content };
}

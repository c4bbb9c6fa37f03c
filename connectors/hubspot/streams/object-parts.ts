// Objects of a stream that fail alone: they are read by ID, and again whenever they are due.
import type { ChangePage, FailedPart, SetAsideParts } from '../../../src/crm/connector.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { failedPart } from '../../kit/stream-parts.ts';
import type { UnexpectedItem } from '../http/responses/id-and-paging.ts';
import type { ReadFailures } from '../objects/batch-read.ts';

/** What a page contains, without its cursor. */
export type Content = Partial<Omit<ChangePage, 'cursor' | 'isFullSync'>>;

export interface ObjectsById {
  /** One object in HubSpot's words: `meeting`, `deal`. */
  readonly kind: string;
  /** Reads objects by their IDs. Those that fail again are in `failed`. */
  readByIds(ids: readonly string[], signal: AbortSignal): Promise<Content>;
}

export function failedObjects(kind: string, failures: ReadFailures): readonly FailedPart[] {
  return [...failures].map(([id, error]) => failedPart(kind, id, error));
}

/**
 * The objects of a list or a search that came in an unexpected shape, read by ID. One that is set
 * aside is left to its next attempt. One without an ID cannot be read at all.
 */
export async function readUnexpected(
  source: ObjectsById,
  unexpected: readonly UnexpectedItem[],
  setAside: SetAsideParts,
  signal: AbortSignal,
): Promise<Content> {
  const ids = unexpected.flatMap(({ id }) => (id === null ? [] : [id]));
  const wanted = ids.filter((id) => !setAside.isSkipped({ kind: source.kind, id }));
  return wanted.length === 0 ? {} : await source.readByIds(wanted, signal);
}

/** The objects that failed before and are due for another attempt; null = none. */
export async function readDue(
  source: ObjectsById,
  setAside: SetAsideParts,
  signal: AbortSignal,
): Promise<Content | null> {
  const due = setAside.due.filter(({ kind }) => kind === source.kind);
  if (due.length === 0) return null;
  const content = await source.readByIds(
    due.map(({ id }) => id),
    signal,
  );
  const failed = new Set((content.failed ?? []).map(({ id }) => id));
  return { ...content, recovered: due.filter(({ id }) => !failed.has(id)) };
}

/** Both contents as one. */
export function joinContent(a: Content, b: Content): Content {
  const { leads, dirty, activities, gone, outcomes } = emptyPage({}, false);
  const all = (key: 'activities' | 'outcomes') => [...(a.complete?.[key] ?? []), ...(b.complete?.[key] ?? [])];
  const isComplete = a.complete !== undefined || b.complete !== undefined;
  const failed = [...(a.failed ?? []), ...(b.failed ?? [])];
  return {
    leads: [...(a.leads ?? leads), ...(b.leads ?? leads)],
    dirty: [...(a.dirty ?? dirty), ...(b.dirty ?? dirty)],
    activities: [...(a.activities ?? activities), ...(b.activities ?? activities)],
    gone: [...(a.gone ?? gone), ...(b.gone ?? gone)],
    outcomes: [...(a.outcomes ?? outcomes), ...(b.outcomes ?? outcomes)],
    ...(failed.length > 0 ? { failed } : {}),
    ...(isComplete ? { complete: { activities: all('activities'), outcomes: all('outcomes') } } : {}),
  };
}

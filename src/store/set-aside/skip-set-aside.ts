// SQL conditions that leave out what is set aside: such work is neither claimed nor waited for.
import { type RawBuilder, sql } from 'kysely';
import { PATIENCE_MS } from '../../domain/limits/retry-delays.ts';

/**
 * Whether the row `r` of `records` can be read. A record that is set aside is read alone when it is
 * due (`claimSetAside`), as it would make its whole batch fail.
 */
export function canBeRead(now: Date): RawBuilder<boolean> {
  return sql<boolean>`not exists (
    select from leadgrade.set_aside a where a.crm = r.crm and a.stream = r.object
      and (a.kind = 'record' and a.part_id = r.id or a.kind = 'records' and a.part_id = '' and a.retry_at > ${now}))`;
}

/** Whether the counters of the row `r` of `records` can be dated. */
export function canBeDated(now: Date): RawBuilder<boolean> {
  return sql<boolean>`not exists (
    select from leadgrade.set_aside a where a.crm = r.crm and a.stream = r.object and a.kind = 'counters'
      and a.part_id in (r.id, '') and a.retry_at > ${now})`;
}

/** Whether the row `o` of `outbox` or `bulk_write_rows` can be written. */
export function canBeWritten(now: Date): RawBuilder<boolean> {
  return sql<boolean>`not exists (
    select from leadgrade.set_aside a where a.crm = o.crm and a.stream = o.object and a.kind = 'write' and a.retry_at > ${now})`;
}

/** Whether the item of a stream is set aside because the database refuses its present state. */
export function isRefusedItem(
  { crm, stream }: { readonly crm: string; readonly stream: string },
  id: RawBuilder<unknown>,
): RawBuilder<boolean> {
  return sql<boolean>`exists (
    select from leadgrade.set_aside s where s.crm = ${crm} and s.stream = ${stream} and s.kind = 'item' and s.part_id = ${id})`;
}

/** Whether the record of the erasure event `i` of `inbox` can be erased. */
export function canBeErased(now: Date): RawBuilder<boolean> {
  return sql<boolean>`not exists (
    select from leadgrade.set_aside a where a.crm = i.crm and a.stream = i.object_or_stream and a.kind = 'erasure'
      and a.part_id = i.ids[1] and a.retry_at > ${now})`;
}

/** Whether the row `a` of `set_aside` is a stream that no scoring and no run waits for. */
export function canBeScoredWithout(now: Date): RawBuilder<boolean> {
  const patience = new Date(now.getTime() - PATIENCE_MS);
  return sql<boolean>`(a.kind = 'stream' and a.part_id = '' and a.retry_at > ${now}
    and (not a.is_temporary or a.since <= ${patience}))`;
}

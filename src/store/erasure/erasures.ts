// Reports of erasures. They identify a person by hashes only.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordEmails } from '../../domain/person.ts';
import { sha256Hex } from '../../domain/texts/sha256-hex.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

interface ErasedRecord extends RecordEmails {
  /** Number of deleted rows by table, and of deleted fields. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Inserts a report for each record. The hashes make later events recognizable, which are then
 * ignored. A record with more addresses gets one more row for each, with an empty report.
 */
export async function insertErasures(
  tx: Transaction<Tables>,
  crm: string,
  records: readonly ErasedRecord[],
  now: Date,
): Promise<void> {
  const rows = records.flatMap(({ object, id, emails: [first, ...others], counts }) => {
    const row = { object, id_hash: idHash(crm, object, id), erased: counts };
    const more = others.map((email) => ({ ...row, email_hash: sha256Hex(email), erased: {} }));
    return [{ ...row, email_hash: first === undefined ? null : sha256Hex(first) }, ...more];
  });
  await sql`
    insert into leadgrade.erasures (crm, object, id_hash, email_hash, erased_at, erased)
    select ${crm}, object, id_hash, email_hash, ${now}, erased
    from ${jsonRows(rows)} as t (object text, id_hash text, email_hash text, erased jsonb)`.execute(tx);
}

export interface Erasure {
  readonly erasedAt: Date;
  /** Number of deleted rows by table, and of deleted fields. */
  readonly erased: Readonly<Record<string, number>>;
}

/** The erasures of a record, oldest first. */
export async function listErasures(
  db: Kysely<Tables>,
  { crm, id }: { crm: string; id: string },
): Promise<readonly Erasure[]> {
  const objects = await db.selectFrom('records').select('object').where('crm', '=', crm).where('id', '=', id).execute();
  const hashes = objects.map(({ object }) => idHash(crm, object, id));
  if (hashes.length === 0) return [];
  const rows = await db
    .selectFrom('erasures')
    .selectAll()
    .where('crm', '=', crm)
    .where('id_hash', 'in', hashes)
    .where(sql<boolean>`erased <> '{}'`)
    .orderBy('id')
    .execute();
  return rows.map(({ erased_at, erased }) => ({ erasedAt: erased_at, erased }));
}

function idHash(crm: string, object: string, id: string): string {
  return sha256Hex(`${crm}/${object}/${id}`);
}

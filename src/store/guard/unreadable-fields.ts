// The mapped fields that a CRM does not have or show, as it last said.
import { type Kysely, sql } from 'kysely';
import type { FieldCheck, UnreadableField } from '../../domain/unreadable-field.ts';
import type { Tables } from '../tables/tables.ts';

export interface StoredUnreadableField extends UnreadableField {
  readonly crm: string;
  readonly since: Date;
  readonly checkedAt: Date;
}

/**
 * Replaces the unreadable fields of a CRM. A field that stays one keeps its date, and one that is undecided stays what
 * it was.
 * @returns the fields that are new, and those that can be read again
 */
export async function saveUnreadableFields(
  db: Kysely<Tables>,
  crm: string,
  { unreadable, undecided }: FieldCheck,
  now: Date,
): Promise<{ readonly lost: readonly UnreadableField[]; readonly found: readonly UnreadableField[] }> {
  return db.transaction().execute(async (tx) => {
    // Two processes check a CRM at a time. Each compares with the rows that the other has saved; readers do not wait.
    await sql`lock table leadgrade.unreadable_fields in share row exclusive mode`.execute(tx);
    const before = (await listUnreadableFields(tx, [crm])).map(({ crm: _, checkedAt: __, ...field }) => field);
    const kept = before.filter((field) => undecided.some((other) => isSame(other, field)));
    const fields: readonly UnreadableField[] = [...unreadable, ...kept];
    await tx.deleteFrom('unreadable_fields').where('crm', '=', crm).execute();
    const rows = fields.map((field) => {
      const since = before.find((other) => isSame(other, field))?.since ?? now;
      return { ...field, crm, since, checked_at: now };
    });
    if (rows.length > 0) await tx.insertInto('unreadable_fields').values(rows).execute();
    return {
      lost: fields.filter((field) => !before.some((other) => isSame(other, field))),
      found: before.filter((field) => !fields.some((other) => isSame(other, field))),
    };
  });
}

type FieldKey = Pick<UnreadableField, 'object' | 'field'>;

function isSame(a: FieldKey, b: FieldKey): boolean {
  return a.object === b.object && a.field === b.field;
}

/** @param crms the CRMs that are set up */
export async function listUnreadableFields(
  db: Kysely<Tables>,
  crms: readonly string[],
): Promise<readonly StoredUnreadableField[]> {
  const rows = await db
    .selectFrom('unreadable_fields')
    .selectAll()
    .where('crm', 'in', [...crms])
    .orderBy('crm')
    .orderBy('object')
    .orderBy('field')
    .execute();
  return rows.map(({ checked_at: checkedAt, ...row }) => ({ ...row, checkedAt }));
}

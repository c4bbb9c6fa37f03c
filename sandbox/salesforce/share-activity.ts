// Where activities are shared, who a task or event is about stands in a relation, too.
import type { AuditInfo, Org } from './org.ts';
import { type SObjectRecord, textOf } from './records/record-table.ts';

/** Lets the relation follow `WhoId`, which was `before`. What is neither a task nor an event is left alone. */
export function shareActivity(
  org: Org,
  { id, type, values }: SObjectRecord,
  before: string | null,
  stamp: AuditInfo,
): void {
  const who = textOf(values.WhoId);
  const isActivity = type === 'Task' || type === 'Event';
  if (!isActivity || who === before || !org.schema.object(`${type}Relation`)) return;
  const held = org.referring(`${type}Relation`, `${type}Id`, id).find(({ values: each }) => each.RelationId === before);
  if (who === null) {
    if (held) org.write(held, { IsDeleted: true }, stamp);
  } else if (held) org.write(held, { RelationId: who }, stamp);
  else org.add(`${type}Relation`, { [`${type}Id`]: id, RelationId: who, IsWhat: false }, stamp);
}

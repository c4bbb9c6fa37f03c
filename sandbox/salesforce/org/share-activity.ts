// With shared activities, the person of a task or event is also stored in a TaskRelation or
// EventRelation.

import { type SObjectRecord, textOf } from '../records/record-table.ts';
import type { AuditInfo, Org } from './org.ts';

/** Updates the relation after `WhoId` changed from `before`. Does nothing for other objects. */
export function shareActivity(
  org: Org,
  { id, type, values }: SObjectRecord,
  before: string | null,
  audit: AuditInfo,
): void {
  const who = textOf(values.WhoId);
  const isActivity = type === 'Task' || type === 'Event';
  if (!isActivity || who === before || !org.schema.object(`${type}Relation`)) return;
  const existing = org
    .referring(`${type}Relation`, `${type}Id`, id)
    .find(({ values: each }) => each.RelationId === before);
  if (who === null) {
    if (existing) org.write(existing, { IsDeleted: true }, audit);
  } else if (existing) org.write(existing, { RelationId: who }, audit);
  else org.add(`${type}Relation`, { [`${type}Id`]: id, RelationId: who, IsWhat: false }, audit);
}

// The state of one org: its schema, records and users, and the times that records carry. No HTTP here.
import type { SandboxClock } from '../sandbox-clock.ts';
import { idOf } from './ids.ts';
import { derivedValues } from './records/derived-values.ts';
import { isDeleted, RecordTable, reference, type SObjectRecord, textOf, type Values } from './records/record-table.ts';
import type { FieldDefinition, Value } from './schema/field.ts';
import { Schema } from './schema/schema.ts';

const DAY_MS = 86_400_000;
// https://help.salesforce.com/s/articleView?id=sf.activities_archived.htm
const ARCHIVED_AFTER_DAYS = 365;
const NOTHING: Values = {};

export interface OrgSettings {
  readonly clock: SandboxClock;
  /** Several people on one task or event, by TaskRelation and EventRelation. */
  readonly sharedActivities: boolean;
  /** Standard fields that the product's user may not see, as `Lead.Email`. */
  readonly hiddenFields: readonly string[];
}

/** When a record was made and last changed (epoch ms), and by whom; what is absent is now, and the org's admin. */
export interface AuditInfo {
  readonly created?: number;
  readonly at?: number;
  readonly by?: string;
}

/** Hears of a record that somebody saved, what it was before (null: it is new), and who did it. */
export type SaveListener = (record: SObjectRecord, before: SObjectRecord | null, by: string) => void;

export class Org {
  readonly id = idOf('00D', 71_004_236);
  readonly clock: SandboxClock;
  readonly schema: Schema;
  /** Whom the product runs as, and somebody else. */
  readonly userId: string;
  readonly adminId: string;
  /** The ids of what was deleted along with a record: it comes back with it. */
  readonly deletedWith = new Map<string, readonly string[]>();
  watcher: SaveListener | null = null;
  readonly #tables = new Map<string, RecordTable>();

  constructor({ clock, sharedActivities, hiddenFields }: OrgSettings) {
    this.clock = clock;
    this.schema = new Schema(sharedActivities);
    this.schema.hide(hiddenFields);
    this.adminId = idOf('005', 1);
    this.adminId = this.#addUser('admin@leadgrade.example', 'Alex', 'Admin').id;
    this.userId = this.#addUser('integration@leadgrade.example', 'Integration', 'User').id;
    this.table('Organization').put({
      id: this.id,
      type: 'Organization',
      values: {
        ...this.#stamps({}),
        Id: this.id,
        Name: 'Leadgrade Sandbox',
        OrganizationType: 'Enterprise Edition',
        IsSandbox: false,
        InstanceName: 'SBX1',
        TimeZoneSidKey: 'America/Los_Angeles',
      },
    });
    const profile = { Name: 'X00eLeadgradeIntegration', Label: 'Integration', IsOwnedByProfile: true };
    const own = this.add('PermissionSet', profile, { created: 0, at: 0 });
    this.add('PermissionSetAssignment', { AssigneeId: this.userId, PermissionSetId: own.id }, { created: 0, at: 0 });
  }

  /** The sandbox's instant as records carry it: ISO, to the second. */
  now(): string {
    return auditInfoOf(this.clock.now());
  }

  table(type: string): RecordTable {
    const found = this.#tables.get(type) ?? new RecordTable();
    this.#tables.set(type, found);
    return found;
  }

  /** By its id of 18 characters, deleted or not. */
  find(id: string): SObjectRecord | undefined {
    const object = this.schema.objectOfId(id);
    return object && this.table(object.name).get(id);
  }

  /** Those of a type that are there and refer to `id` by a field. */
  referring(type: string, field: string, id: string): SObjectRecord[] {
    return [...this.table(type).all()].filter((each) => !isDeleted(each) && reference(each, field) === id);
  }

  value(record: SObjectRecord, field: FieldDefinition): Value {
    if (field.name === 'IsArchived') return this.isArchived(record);
    return record.values[field.name] ?? (field.type === 'boolean' ? false : null);
  }

  /** Past activities leave the ordinary queries after a year. */
  isArchived({ type, values }: SObjectRecord): boolean {
    if (type !== 'Event' && !(type === 'Task' && values.IsClosed === true)) return false;
    const day = textOf(values.ActivityDate);
    return day !== null && day < auditInfoOf(this.clock.now() - ARCHIVED_AFTER_DAYS * DAY_MS).slice(0, 10);
  }

  add(type: string, values: Values, stamp: AuditInfo = {}): SObjectRecord {
    const object = this.schema.object(type);
    if (!object) throw new Error(`the sandbox has no object ${type}`);
    const table = this.table(type);
    const id = idOf(object.prefix, table.size + 1);
    const stamps = this.#stamps(stamp);
    const derived = derivedValues(type, values, NOTHING, String(stamps.LastModifiedDate));
    return this.#saved({ id, type, values: { ...stamps, ...values, ...derived, Id: id } }, null, stamp.by);
  }

  /** A change by somebody, which moves the record's times, whether or not a value differs. */
  write(record: SObjectRecord, changes: Values, { at, by }: AuditInfo = {}): SObjectRecord {
    const now = at === undefined ? this.now() : auditInfoOf(at);
    const values = { ...record.values, ...changes };
    const times = { LastModifiedDate: now, LastModifiedById: by ?? this.adminId, SystemModstamp: now };
    const derived = derivedValues(record.type, values, record.values, now);
    return this.#saved({ ...record, values: { ...values, ...derived, ...times } }, record, by);
  }

  /** What Salesforce itself changes: SystemModstamp moves, nobody modified the record. */
  writeAsSystem(record: SObjectRecord, changes: Values): SObjectRecord {
    return this.writeSilently(record, { ...changes, SystemModstamp: this.now() });
  }

  /** What moves no time at all. */
  writeSilently(record: SObjectRecord, changes: Values): SObjectRecord {
    const values = { ...record.values, ...changes };
    return this.#keep({
      ...record,
      values: { ...values, ...derivedValues(record.type, values, record.values, this.now()) },
    });
  }

  /** Puts a record back as it was before a write that is taken back. */
  putBack(record: SObjectRecord): void {
    this.#keep(record);
  }

  #saved(record: SObjectRecord, before: SObjectRecord | null, by: string = this.adminId): SObjectRecord {
    const kept = this.#keep(record);
    this.watcher?.(kept, before, by);
    return kept;
  }

  #keep(record: SObjectRecord): SObjectRecord {
    this.table(record.type).put(record);
    if (record.type === 'FieldPermissions' || record.type === 'PermissionSetAssignment') this.#grantFields();
    return record;
  }

  #grantFields(): void {
    const assigned = new Set(
      this.referring('PermissionSetAssignment', 'AssigneeId', this.userId).map((each) => each.values.PermissionSetId),
    );
    const grants = new Map<string, { read: boolean; edit: boolean }>();
    for (const { values } of this.table('FieldPermissions').all()) {
      if (values.IsDeleted === true || !assigned.has(values.ParentId ?? null)) continue;
      const before = grants.get(String(values.Field));
      grants.set(String(values.Field), {
        read: values.PermissionsRead === true || before?.read === true,
        edit: values.PermissionsEdit === true || before?.edit === true,
      });
    }
    this.schema.grant(grants);
  }

  #stamps({ created, at, by = this.adminId }: AuditInfo): Record<string, Value> {
    const made = created === undefined ? this.now() : auditInfoOf(created);
    const changed = at === undefined ? made : auditInfoOf(at);
    const times = { CreatedDate: made, LastModifiedDate: changed, SystemModstamp: changed };
    return { ...times, CreatedById: by, LastModifiedById: by, IsDeleted: false };
  }

  #addUser(username: string, first: string, last: string): SObjectRecord {
    const name = { FirstName: first, LastName: last, Name: `${first} ${last}` };
    const values = { ...name, Username: username, Email: username, IsActive: true, UserType: 'Standard' };
    return this.add('User', values, { created: 0, at: 0 });
  }
}

/** An instant to the second, as Salesforce keeps it. @param at epoch ms */
export function auditInfoOf(at: number): string {
  return new Date(Math.floor(at / 1000) * 1000).toISOString();
}

// The state of one org: schema, records with their audit fields, and users. No HTTP here.
import type { SandboxClock } from '../../clock.ts';
import { idOf } from '../ids.ts';
import { derivedValues } from '../records/derived-values.ts';
import { isDeleted, RecordTable, reference, type SObjectRecord, textOf, type Values } from '../records/record-table.ts';
import type { FieldDefinition, Value } from '../schema/field.ts';
import { contactField, enablePersonAccounts } from '../schema/person-accounts.ts';
import { Schema } from '../schema/schema.ts';

const DAY_MS = 86_400_000;
// https://help.salesforce.com/s/articleView?id=sf.activities_archived.htm
const ARCHIVED_AFTER_DAYS = 365;
const NO_VALUES: Values = {};

export interface OrgSettings {
  readonly clock: SandboxClock;
  /** Several people per task or event, by TaskRelation and EventRelation. */
  readonly sharedActivities: boolean;
  /** Standard fields that the product's user cannot see, e.g. `Lead.Email`. */
  readonly hiddenFields: readonly string[];
  /** People who are an Account and a Contact at once. */
  readonly personAccounts?: boolean;
}

/**
 * The audit fields of a save: creation and modification in epoch ms (absent: now), and the user's
 * ID (absent: the admin).
 */
export interface AuditInfo {
  readonly created?: number;
  readonly at?: number;
  readonly by?: string;
}

/**
 * Called with a saved record, its former state (null: it is new), and the ID of the user who saved
 * it.
 */
export type SaveListener = (record: SObjectRecord, before: SObjectRecord | null, by: string) => void;

export class Org {
  readonly id = idOf('00D', 71_004_236);
  readonly clock: SandboxClock;
  readonly schema: Schema;
  /** The user as which the product runs. */
  readonly userId: string;
  /** The user as which the control API acts. */
  readonly adminId: string;
  /** The queue to which the assignment rule gives Leads. */
  readonly queueId: string;
  /** IDs of the records that were deleted along with a record; undeleting restores them. */
  readonly deletedWith = new Map<string, readonly string[]>();
  onSave: SaveListener | null = null;
  readonly #tables = new Map<string, RecordTable>();

  constructor({ clock, sharedActivities, hiddenFields, personAccounts = false }: OrgSettings) {
    this.clock = clock;
    this.schema = new Schema(sharedActivities);
    this.schema.hide(hiddenFields);
    if (personAccounts) enablePersonAccounts(this.schema);
    this.adminId = idOf('005', 1);
    this.adminId = this.#addUser('admin@leadgrade.example', 'Alex', 'Admin').id;
    this.userId = this.#addUser('integration@leadgrade.example', 'Integration', 'User').id;
    const queue = { Name: 'Inbound Leads', DeveloperName: 'Inbound_Leads', Type: 'Queue' };
    this.queueId = this.add('Group', queue, { created: 0, at: 0 }).id;
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

  /** The sandbox's instant in the format of records: ISO, to the second. */
  now(): string {
    return isoSeconds(this.clock.now());
  }

  table(type: string): RecordTable {
    const found = this.#tables.get(type) ?? new RecordTable();
    this.#tables.set(type, found);
    return found;
  }

  /** Finds a record by its 18-character ID, deleted or not. */
  find(id: string): SObjectRecord | undefined {
    const object = this.schema.objectOfId(id);
    return object && this.table(object.name).get(id);
  }

  /** The records of a type, not deleted, that refer to `id` in a field. */
  referring(type: string, field: string, id: string): SObjectRecord[] {
    return [...this.table(type).all()].filter((each) => !isDeleted(each) && reference(each, field) === id);
  }

  value(record: SObjectRecord, field: FieldDefinition): Value {
    if (field.name === 'IsArchived') return this.isArchived(record);
    const contact = record.type === 'Account' ? contactField(field.name) : null;
    if (contact !== null) return this.find(reference(record, 'PersonContactId') ?? '')?.values[contact] ?? null;
    return record.values[field.name] ?? (field.type === 'boolean' ? false : null);
  }

  /** Past activities are archived after a year; only `queryAll` returns them then. */
  isArchived({ type, values }: SObjectRecord): boolean {
    if (type !== 'Event' && !(type === 'Task' && values.IsClosed === true)) return false;
    const day = textOf(values.ActivityDate);
    return day !== null && day < isoSeconds(this.clock.now() - ARCHIVED_AFTER_DAYS * DAY_MS).slice(0, 10);
  }

  add(type: string, values: Values, audit: AuditInfo = {}): SObjectRecord {
    const object = this.schema.object(type);
    if (!object) throw new Error(`unknown object ${type}`);
    const table = this.table(type);
    const id = idOf(object.prefix, table.size + 1);
    const stamps = this.#stamps(audit);
    const derived = derivedValues(type, values, NO_VALUES, String(stamps.LastModifiedDate));
    return this.#save({ id, type, values: { ...stamps, ...values, ...derived, Id: id } }, null, audit.by);
  }

  /** Writes values as a user. The modification times change even if all values are equal. */
  write(record: SObjectRecord, changes: Values, { at, by }: AuditInfo = {}): SObjectRecord {
    const now = at === undefined ? this.now() : isoSeconds(at);
    const values = { ...record.values, ...changes };
    const times = { LastModifiedDate: now, LastModifiedById: by ?? this.adminId, SystemModstamp: now };
    const derived = derivedValues(record.type, values, record.values, now);
    return this.#save({ ...record, values: { ...values, ...derived, ...times } }, record, by);
  }

  /** Writes values as Salesforce itself does: only SystemModstamp changes. */
  writeAsSystem(record: SObjectRecord, changes: Values): SObjectRecord {
    return this.writeSilently(record, { ...changes, SystemModstamp: this.now() });
  }

  /** Writes values; no modification time changes. */
  writeSilently(record: SObjectRecord, changes: Values): SObjectRecord {
    const values = { ...record.values, ...changes };
    return this.#put({
      ...record,
      values: { ...values, ...derivedValues(record.type, values, record.values, this.now()) },
    });
  }

  /** Restores the state of a record before a write. */
  rollBack(record: SObjectRecord): void {
    this.#put(record);
  }

  #save(record: SObjectRecord, before: SObjectRecord | null, by: string = this.adminId): SObjectRecord {
    const stored = this.#put(record);
    this.onSave?.(stored, before, by);
    return stored;
  }

  #put(record: SObjectRecord): SObjectRecord {
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
    const createdDate = created === undefined ? this.now() : isoSeconds(created);
    const modifiedDate = at === undefined ? createdDate : isoSeconds(at);
    const times = { CreatedDate: createdDate, LastModifiedDate: modifiedDate, SystemModstamp: modifiedDate };
    return { ...times, CreatedById: by, LastModifiedById: by, IsDeleted: false };
  }

  #addUser(username: string, first: string, last: string): SObjectRecord {
    const name = { FirstName: first, LastName: last, Name: `${first} ${last}` };
    const values = { ...name, Username: username, Email: username, IsActive: true, UserType: 'Standard' };
    return this.add('User', values, { created: 0, at: 0 });
  }
}

/** An instant as Salesforce stores it: ISO, to the second. @param at epoch ms */
export function isoSeconds(at: number): string {
  return new Date(Math.floor(at / 1000) * 1000).toISOString();
}

// The CRM objects of the sandbox, with their names, IDs, default properties and scopes.

export const OBJECT_TYPES = [
  'contacts',
  'companies',
  'deals',
  'meetings',
  'calls',
  'emails',
  'notes',
  'tasks',
] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

export interface ObjectKind {
  readonly objectTypeId: string;
  /** As in messages: `contact`. */
  readonly singular: string;
  /** `lastmodifieddate` for contacts, `hs_lastmodifieddate` for all other objects. */
  readonly modifiedProperty: string;
  readonly createdProperty: string;
  /** Returned if a request names no properties. */
  readonly defaultProperties: readonly string[];
  /**
   * The first ID. The first hundreds of IDs cross a power of ten, so that text order differs from
   * number order.
   */
  readonly firstId: number;
  readonly readScope: string;
}

const engagement = (objectTypeId: string, singular: string, firstId: number, readScope: string): ObjectKind => ({
  objectTypeId,
  singular,
  modifiedProperty: 'hs_lastmodifieddate',
  createdProperty: 'hs_createdate',
  defaultProperties: [],
  firstId,
  readScope,
});

const CONTACTS_READ = 'crm.objects.contacts.read';

export const OBJECT_KINDS: Readonly<Record<ObjectType, ObjectKind>> = {
  contacts: {
    objectTypeId: '0-1',
    singular: 'contact',
    modifiedProperty: 'lastmodifieddate',
    createdProperty: 'createdate',
    defaultProperties: ['email', 'firstname', 'lastname'],
    firstId: 99_401,
    readScope: CONTACTS_READ,
  },
  companies: {
    objectTypeId: '0-2',
    singular: 'company',
    modifiedProperty: 'hs_lastmodifieddate',
    createdProperty: 'createdate',
    defaultProperties: ['name', 'domain'],
    firstId: 9_999_801,
    readScope: 'crm.objects.companies.read',
  },
  deals: {
    objectTypeId: '0-3',
    singular: 'deal',
    modifiedProperty: 'hs_lastmodifieddate',
    createdProperty: 'createdate',
    defaultProperties: ['amount', 'closedate', 'dealname', 'dealstage', 'pipeline'],
    firstId: 999_901,
    readScope: 'crm.objects.deals.read',
  },
  calls: engagement('0-48', 'call', 9_999_990_801, CONTACTS_READ),
  emails: engagement('0-49', 'email', 19_999_990_801, 'sales-email-read'),
  meetings: engagement('0-47', 'meeting', 29_999_990_801, CONTACTS_READ),
  notes: engagement('0-46', 'note', 39_999_990_801, CONTACTS_READ),
  tasks: engagement('0-27', 'task', 49_999_990_801, CONTACTS_READ),
};

const NAMES: ReadonlySet<string> = new Set(OBJECT_TYPES);

export function isObjectType(name: string): name is ObjectType {
  return NAMES.has(name);
}

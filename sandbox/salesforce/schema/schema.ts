// The objects of one org, and the fields that the product's user can see and edit (field-level
// security).
import {
  CAMPAIGN,
  CAMPAIGN_MEMBER,
  CASE,
  EMAIL_MESSAGE,
  EMAIL_MESSAGE_RELATION,
  EVENT,
  EVENT_RELATION,
  OPPORTUNITY,
  OPPORTUNITY_CONTACT_ROLE,
  TASK,
  TASK_RELATION,
} from './activity-objects.ts';
import {
  CUSTOM_FIELD,
  FIELD_PERMISSIONS,
  GROUP,
  NAME,
  ORGANIZATION,
  PERMISSION_SET,
  PERMISSION_SET_ASSIGNMENT,
  USER,
} from './admin-objects.ts';
import type { FieldDefinition } from './field.ts';
import type { ObjectType } from './object-type.ts';
import { ACCOUNT, CONTACT, LEAD } from './people-objects.ts';

const OBJECTS: readonly ObjectType[] = [
  ...[ACCOUNT, CAMPAIGN, CAMPAIGN_MEMBER, CASE, CONTACT, CUSTOM_FIELD, EMAIL_MESSAGE, EMAIL_MESSAGE_RELATION, EVENT],
  ...[EVENT_RELATION, FIELD_PERMISSIONS, GROUP, LEAD, NAME, OPPORTUNITY, OPPORTUNITY_CONTACT_ROLE, ORGANIZATION],
  ...[PERMISSION_SET, PERMISSION_SET_ASSIGNMENT, TASK, TASK_RELATION, USER],
];

interface Access {
  readonly read: boolean;
  readonly edit: boolean;
}

/** Names are case-insensitive, as in Salesforce. */
export class Schema {
  readonly #objects = new Map<string, ObjectType>();
  readonly #fields = new Map<string, Map<string, FieldDefinition>>();
  readonly #byPrefix = new Map<string, ObjectType>();
  /** Hidden fields as `lead.email`, hidden objects as `lead`. */
  #hidden: ReadonlySet<string> = new Set();
  #grants: ReadonlyMap<string, Access> = new Map();

  constructor(sharedActivities: boolean) {
    for (const each of OBJECTS) {
      if (each.sharedActivities && !sharedActivities) continue;
      this.#objects.set(each.name.toLowerCase(), each);
      this.#byPrefix.set(each.prefix, each);
      this.#fields.set(each.name, new Map(each.fields.map((field) => [field.name.toLowerCase(), field])));
    }
  }

  /** The visible objects of the REST API, or of the Tooling API. */
  objects(tooling: boolean): readonly ObjectType[] {
    return [...this.#objects.values()].filter(
      (each) => each.tooling === tooling && each.prefix !== '' && !this.#isHidden(each),
    );
  }

  /** Any object of either API, visible or not. */
  object(name: string): ObjectType | undefined {
    return this.#objects.get(name.toLowerCase());
  }

  /** An object that the user can see. */
  visibleObject(name: string): ObjectType | undefined {
    const found = this.object(name);
    return found && this.#isHidden(found) ? undefined : found;
  }

  objectOfId(id: string): ObjectType | undefined {
    return this.#byPrefix.get(id.slice(0, 3));
  }

  /** All fields, visible or not. */
  allFields(object: ObjectType): readonly FieldDefinition[] {
    return [...(this.#fields.get(object.name)?.values() ?? [])];
  }

  /**
   * The fields that the user can see; fields with read access only are not createable or
   * updateable.
   */
  fields(object: ObjectType): readonly FieldDefinition[] {
    return this.allFields(object).flatMap((field) => this.#visible(object, field) ?? []);
  }

  /** A field that the user can see. */
  field(object: ObjectType, name: string): FieldDefinition | undefined {
    const found = this.anyField(object, name);
    return found && this.#visible(object, found);
  }

  /** Any field, visible or not. */
  anyField(object: ObjectType, name: string): FieldDefinition | undefined {
    return this.#fields.get(object.name)?.get(name.toLowerCase());
  }

  /** Adds a custom field, or replaces its definition. */
  define(object: ObjectType, field: FieldDefinition): void {
    this.#fields.get(object.name)?.set(field.name.toLowerCase(), field);
  }

  #isHidden({ name }: ObjectType): boolean {
    return this.#hidden.has(name.toLowerCase());
  }

  /**
   * @param names the fields (`Lead.Email`) and objects (`Task`) that the user cannot see from now
   *   on
   */
  hide(names: readonly string[]): void {
    this.#hidden = new Set(names.map((name) => name.toLowerCase()));
  }

  /** Sets the access that the user's permission sets grant, by field (`Lead.Score__c`). */
  grant(grants: ReadonlyMap<string, Access>): void {
    this.#grants = new Map(Array.from(grants, ([name, access]) => [name.toLowerCase(), access]));
  }

  // A new custom field is invisible until a permission set grants access.
  #visible(object: ObjectType, field: FieldDefinition): FieldDefinition | undefined {
    const name = grantName(object, field);
    if (this.#hidden.has(name)) return undefined;
    if (!field.custom) return field;
    const access = this.#grants.get(name);
    if (!access?.read) return undefined;
    return access.edit ? field : { ...field, createable: false, updateable: false };
  }
}

/** The fields of a person account are granted with those of the Contact. */
function grantName({ name: object }: ObjectType, { name: field }: FieldDefinition): string {
  const isContact = object === 'Account' && field.endsWith('__pc');
  return (isContact ? `Contact.${field.replace(/__pc$/, '__c')}` : `${object}.${field}`).toLowerCase();
}

// The properties and property groups of one object type.
import { badRequest, conflict, objectNotFound } from '../hubspot-error.ts';
import { FIELD_TYPES_OF, type PropertyDefinition } from './property-definition.ts';

export interface PropertyGroup {
  readonly name: string;
  readonly label: string;
  readonly displayOrder: number;
}

export type NewProperty = Omit<PropertyDefinition, 'hubspotDefined' | 'readOnlyValue' | 'createdAt' | 'updatedAt'>;

export class PropertyRegistry {
  readonly objectTypeId: string;
  /** The number of custom properties that the account may create. */
  readonly quota: number;
  readonly #properties = new Map<string, PropertyDefinition>();
  readonly #groups = new Map<string, PropertyGroup>();
  /** Hidden from every response; their values stay. */
  #archived: ReadonlySet<string> = new Set();

  constructor(objectTypeId: string, quota: number, standard: readonly PropertyDefinition[]) {
    this.objectTypeId = objectTypeId;
    this.quota = quota;
    for (const property of standard) this.define(property);
  }

  /** Adds a HubSpot-defined property, or replaces its definition. */
  define(property: PropertyDefinition): void {
    this.#properties.set(property.name, property);
    this.#groups.set(property.groupName, { name: property.groupName, label: property.groupName, displayOrder: -1 });
  }

  get(name: string): PropertyDefinition | undefined {
    return this.#archived.has(name) ? undefined : this.#properties.get(name);
  }

  /** @throws HubSpotError 404 */
  require(name: string): PropertyDefinition {
    const property = this.get(name);
    if (!property) throw objectNotFound(`Property "${name}" does not exist for object type "${this.objectTypeId}"`);
    return property;
  }

  all(): readonly PropertyDefinition[] {
    return [...this.#properties.values()].filter(({ name }) => !this.#archived.has(name));
  }

  /** Archives these properties, HubSpot-defined ones too, and restores all others. */
  archive(names: readonly string[]): void {
    this.#archived = new Set(names);
  }

  groups(): readonly PropertyGroup[] {
    return [...this.#groups.values()];
  }

  customCount(): number {
    return this.all().filter((property) => !property.hubspotDefined).length;
  }

  /** @throws HubSpotError 409 if it exists, 400 if HubSpot would not create it */
  create(wanted: NewProperty, now: number): PropertyDefinition {
    if (this.#properties.has(wanted.name)) {
      throw conflict(`A property named '${wanted.name}' already exists.`, 'Properties.PROPERTY_EXISTS');
    }
    if (!/^[a-z][a-z0-9_]{0,99}$/.test(wanted.name)) {
      throw badRequest(`Property name '${wanted.name}' must be lowercase letters, numbers and underscores.`);
    }
    if (!this.#groups.has(wanted.groupName)) {
      throw badRequest(`Property group "${wanted.groupName}" does not exist.`);
    }
    checkDefinition(wanted);
    if (this.customCount() >= this.quota) {
      throw badRequest(`This account has reached its limit of ${this.quota} custom properties for this object.`);
    }
    const property = { ...wanted, hubspotDefined: false, readOnlyValue: false, createdAt: now, updatedAt: now };
    this.#properties.set(property.name, property);
    return property;
  }

  /** Replaces the given fields. Options are replaced as a whole, as in HubSpot. */
  change(
    name: string,
    changes: Partial<Pick<NewProperty, 'label' | 'description' | 'options' | 'groupName'>>,
    now: number,
  ) {
    const property = this.require(name);
    if (property.hubspotDefined && property.readOnlyValue) throw badRequest(`Property "${name}" is read only.`);
    const changed = { ...property, ...changes, updatedAt: now };
    checkDefinition(changed);
    this.#properties.set(name, changed);
    return changed;
  }

  /** @throws HubSpotError 404, or 400 for a HubSpot-defined property */
  remove(name: string): void {
    if (this.require(name).hubspotDefined) throw badRequest(`Property "${name}" is HubSpot defined.`);
    this.#properties.delete(name);
  }

  /** @throws HubSpotError 409 */
  createGroup(group: PropertyGroup): PropertyGroup {
    if (this.#groups.has(group.name)) {
      throw conflict(`A property group named '${group.name}' already exists.`, 'Properties.PROPERTY_GROUP_EXISTS');
    }
    this.#groups.set(group.name, group);
    return group;
  }
}

function checkDefinition(property: Pick<PropertyDefinition, 'name' | 'type' | 'fieldType' | 'options'>): void {
  if (!FIELD_TYPES_OF[property.type].includes(property.fieldType)) {
    throw badRequest(`fieldType ${property.fieldType} is not valid for type ${property.type} of "${property.name}".`);
  }
  if (property.type !== 'enumeration' && property.type !== 'bool' && property.options.length > 0) {
    throw badRequest(`Property "${property.name}" of type ${property.type} cannot have options.`);
  }
  const values = property.options.map(({ value }) => value);
  if (new Set(values).size < values.length)
    throw badRequest(`Property option values of "${property.name}" must be unique.`);
  const labels = property.options.map(({ label }) => label.toLowerCase());
  if (new Set(labels).size < labels.length)
    throw badRequest(`Property option labels of "${property.name}" must be unique.`);
}

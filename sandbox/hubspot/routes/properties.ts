// Property definitions and groups: reading for every object, writing for objects with a schema
// scope.
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import { batchReply } from '../batch-reply.ts';
import type { Call, Endpoint } from '../http/endpoint.ts';
import { HubSpotError, objectNotFound } from '../hubspot-error.ts';
import { OBJECT_KINDS, OBJECT_TYPES } from '../object-types.ts';
import { FIELD_TYPES_OF, type PropertyDefinition } from '../properties/property-definition.ts';
import type { NewProperty } from '../properties/property-registry.ts';
import { objectTypeOf } from './list-query.ts';
import { checkBatchSize } from './read-objects.ts';

const optionSchema = z.strictObject({
  label: z.string().min(1),
  value: z.string().min(1),
  displayOrder: z.int(),
  hidden: z.boolean(),
  description: z.string().optional(),
});

const shape = {
  label: z.string().min(1),
  groupName: z.string().min(1),
  description: z.string(),
  options: z.array(optionSchema),
  displayOrder: z.int(),
  formField: z.boolean(),
  hidden: z.boolean(),
};

const newPropertySchema = z.strictObject({
  ...shape,
  name: z.string().min(1),
  type: z.enum(['string', 'number', 'datetime', 'date', 'enumeration', 'bool', 'phone_number']),
  fieldType: z.enum(Object.values(FIELD_TYPES_OF).flat()),
  description: shape.description.default(''),
  options: shape.options.default([]),
  displayOrder: shape.displayOrder.default(-1),
  formField: shape.formField.default(false),
  hidden: shape.hidden.default(false),
  hasUniqueValue: z.boolean().default(false),
});

const changeSchema = z.strictObject(shape).partial();

const groupSchema = z.strictObject({
  name: z.string().min(1),
  label: z.string().min(1),
  displayOrder: z.int().default(-1),
});

const read = (call: Call): readonly string[] => {
  const type = call.param('type');
  const own = type === 'companies' || type === 'deals' ? type : 'contacts';
  return [`crm.schemas.${own}.read`, `crm.objects.${own}.read`];
};
const write = (call: Call): readonly string[] => {
  const type = call.param('type');
  return [`crm.schemas.${type === 'companies' || type === 'deals' ? type : 'contacts'}.write`];
};
const registryOf = (call: Call) => call.portal.registry(objectTypeOf(call));
const nowOf = (call: Call) => call.portal.clock.now();

/** GET /crm/properties/{version}/{type} */
export const listProperties: Endpoint = {
  scopes: read,
  handle: (call) => ok({ results: registryOf(call).all().map(propertyJson) }),
};

/** GET /crm/properties/{version}/{type}/{name} */
export const getProperty: Endpoint = {
  scopes: read,
  handle: (call) => ok(propertyJson(registryOf(call).require(call.param('name')))),
};

/** POST /crm/properties/{version}/{type} */
export const createProperty: Endpoint = {
  scopes: write,
  handle: (call) => created(registryOf(call).create(call.body(newPropertySchema), nowOf(call))),
};

/** PATCH /crm/properties/{version}/{type}/{name} */
export const changeProperty: Endpoint = {
  scopes: write,
  handle: (call) => {
    const given = call.body(changeSchema);
    const { label, description, options, groupName } = given;
    const changes = {
      ...(label === undefined ? {} : { label }),
      ...(description === undefined ? {} : { description }),
      ...(options === undefined ? {} : { options }),
      ...(groupName === undefined ? {} : { groupName }),
    };
    return ok(propertyJson(registryOf(call).change(call.param('name'), changes, nowOf(call))));
  },
};

/** DELETE /crm/properties/{version}/{type}/{name} */
export const deleteProperty: Endpoint = {
  scopes: write,
  handle: (call) => {
    registryOf(call).remove(call.param('name'));
    return { status: 204 };
  },
};

/**
 * POST /crm/properties/{version}/{type}/batch/create: properties that cannot be created are errors
 * in a 207.
 */
export const createProperties: Endpoint = {
  scopes: write,
  handle: (call) => {
    const { inputs } = call.body(z.strictObject({ inputs: z.array(newPropertySchema).min(1) }));
    checkBatchSize(inputs.length);
    const results: unknown[] = [];
    const errors: unknown[] = [];
    for (const input of inputs) {
      const result = tryCreate(call, input);
      if (result instanceof HubSpotError) errors.push({ ...result.body, context: { name: [input.name] } });
      else results.push(propertyJson(result));
    }
    const reply = batchReply(nowOf(call), results, errors);
    return reply.status === 200 ? { ...reply, status: 201 } : reply;
  },
};

/** GET /crm/properties/{version}/{type}/groups */
export const listGroups: Endpoint = {
  scopes: read,
  handle: (call) =>
    ok({
      results: registryOf(call)
        .groups()
        .map((group) => ({ ...group, archived: false })),
    }),
};

/** GET /crm/properties/{version}/{type}/groups/{name} */
export const getGroup: Endpoint = {
  scopes: read,
  handle: (call) => {
    const group = registryOf(call)
      .groups()
      .find(({ name }) => name === call.param('name'));
    if (!group) throw objectNotFound(`Property group "${call.param('name')}" does not exist`);
    return ok({ ...group, archived: false });
  },
};

/** POST /crm/properties/{version}/{type}/groups */
export const createGroup: Endpoint = {
  scopes: write,
  handle: (call) => ({
    status: 201,
    body: { ...registryOf(call).createGroup(call.body(groupSchema)), archived: false },
  }),
};

/** GET /crm/limits/{version}/custom-properties */
export const propertyLimits: Endpoint = {
  scopes: () => ['crm.schemas.contacts.read', 'crm.objects.contacts.read'],
  handle: (call) => {
    const byObjectType = OBJECT_TYPES.map((type) => {
      const registry = call.portal.registry(type);
      return { objectTypeId: OBJECT_KINDS[type].objectTypeId, limit: registry.quota, usage: registry.customCount() };
    });
    return ok({ byObjectType });
  },
};

function tryCreate(call: Call, input: NewProperty): PropertyDefinition | HubSpotError {
  try {
    return registryOf(call).create(input, nowOf(call));
  } catch (error) {
    if (error instanceof HubSpotError) return error;
    throw error;
  }
}

function created(property: PropertyDefinition): Reply {
  return { status: 201, body: propertyJson(property) };
}

function propertyJson(property: PropertyDefinition): Record<string, unknown> {
  const { readOnlyValue, createdAt, updatedAt, ...rest } = property;
  return {
    ...rest,
    ...(property.hubspotDefined ? {} : { hubspotDefined: undefined }),
    calculated: false,
    externalOptions: property.type === 'enumeration' && property.hubspotDefined && property.options.length === 0,
    archived: false,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    modificationMetadata: {
      archivable: !property.hubspotDefined,
      readOnlyDefinition: property.hubspotDefined,
      readOnlyOptions: property.hubspotDefined,
      readOnlyValue,
    },
  };
}

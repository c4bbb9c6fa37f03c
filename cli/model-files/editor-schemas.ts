// The JSON Schemas of model, mappings, people, events and leads, for editors: completion, hover texts and
// errors while typing. `npm run gen` writes them to mappings/schema. Only `npx leadgrade validate`
// checks references and relations between numbers.
import { z } from 'zod';
import { csvMappingSchema } from '../../src/csv/csv-mapping.ts';
import { eventsMappingSchema } from '../../src/mapping/events-mapping.ts';
import { mappingSchema } from '../../src/mapping/mapping.ts';
import { peopleSchema } from '../../src/people/people-policy.ts';
import { leadSchema } from '../../src/scoring/lead-input/parse-lead.ts';
import { modelSetSchema } from '../../src/scoring/model-set/model-set-schema.ts';
import { modelSchema } from '../../src/scoring/schemas/model.ts';
import type { Shape } from '../../src/scoring/schemas/schema-shapes.ts';
import { titlesSchema } from '../../src/titles/titles-schema.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The files' text, by path from the package's root. */
export function editorSchemas(): ReadonlyMap<string, string> {
  return new Map([
    ['mappings/schema/model.schema.json', toText(modelSchema, 'Scoring model of Leadgrade')],
    ['mappings/schema/models.schema.json', toText(modelSetSchema, 'Several models of Leadgrade')],
    ['mappings/schema/mapping.schema.json', toText(mappingSchema, "Mapping of a CRM's properties for Leadgrade")],
    [
      'mappings/schema/csv-mapping.schema.json',
      toText(csvMappingSchema, "Mapping of a CSV export's columns for Leadgrade"),
    ],
    ['mappings/schema/events.schema.json', toText(eventsMappingSchema, "Mapping of a site's events for Leadgrade")],
    ['mappings/schema/people.schema.json', toText(peopleSchema, 'One person in several CRMs, for Leadgrade')],
    ['mappings/schema/titles.schema.json', toText(titlesSchema, 'Dictionary of job titles, for Leadgrade')],
    ['mappings/schema/lead.schema.json', toText(leadSchema, 'A lead of Leadgrade: one line of NDJSON')],
  ]);
}

function toText(schema: z.ZodType, title: string): string {
  // All editors support draft 7. The file that is edited is the input of the schema, before its
  // transforms.
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  const written = JSON.stringify({ $schema, title, ...rest }, (_key, value: unknown) => withShapes(value), 2);
  return `${written}\n`;
}

/** An object with several shapes (schema-shapes.ts) becomes an anyOf of closed objects. */
function withShapes(value: unknown): unknown {
  if (!hasShapes(value)) return value;
  const { shapes, type, properties, required = [], additionalProperties, ...rest } = value;
  // A reference: the object is expanded where it is defined.
  if (properties === undefined) return { type, ...rest };
  const anyOf = shapes.map(({ needs = [], lacks = [], atLeast }) => ({
    type,
    properties: Object.fromEntries(Object.entries(properties).filter(([key]) => !lacks.includes(key))),
    ...(required.length + needs.length > 0 && { required: [...required, ...needs] }),
    ...(atLeast !== undefined && { minProperties: atLeast }),
    additionalProperties,
  }));
  return { ...rest, anyOf };
}

function hasShapes(value: unknown): value is JsonSchema & { readonly shapes: readonly Shape[] } {
  return typeof value === 'object' && value !== null && 'shapes' in value;
}

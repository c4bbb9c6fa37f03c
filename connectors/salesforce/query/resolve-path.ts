// A field or a path through parents (`Account.Industry`) -> the field in Salesforce's spelling, or
// why it cannot be read.
// https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_relationships_query_limits.htm
import type { DescribedField, DescribedObject } from './described-object.ts';

export interface PathProblem {
  readonly reason: string;
  readonly fix: string;
  /** An object on the path is not described to this user: whether it has the field is not known. */
  readonly isUndescribed?: boolean;
}

type Describe = (object: string, signal: AbortSignal) => Promise<DescribedObject | null>;

type ResolvedField = Pick<DescribedField, 'name' | 'type'>;

const MAX_PARENTS = 5;

/** Follows the relations of the path. */
export async function resolvePath(
  describe: Describe,
  from: string,
  path: string,
  signal: AbortSignal,
): Promise<ResolvedField | PathProblem> {
  const parents = path.split('.').length - 1;
  if (parents > MAX_PARENTS) {
    return {
      reason: `the path ${path} has ${parents} parents, and Salesforce reads at most ${MAX_PARENTS}`,
      fix: 'Create a formula field in Salesforce with this value, and name it in the mapping.',
    };
  }
  return await resolveFrom(describe, from, path, signal);
}

async function resolveFrom(
  describe: Describe,
  from: string,
  path: string,
  signal: AbortSignal,
): Promise<ResolvedField | PathProblem> {
  const described = await describe(from, signal);
  const dot = path.indexOf('.');
  // Every object has fields, its ID at least.
  if (described === null || described.fields.size === 0) {
    return { ...missingField(from, path), isUndescribed: true };
  }
  if (dot < 0) return toResolved(from, path, described.fields.get(path.toLowerCase()));
  const relation = path.slice(0, dot);
  const rest = path.slice(dot + 1);
  const fields = [...described.fields.values()];
  const link = fields.find((field) => field.relationshipName?.toLowerCase() === relation.toLowerCase());
  if (link === undefined) return unknownRelation(from, relation, fields);
  const name = link.relationshipName ?? relation;
  const [parent, ...others] = link.referenceTo;
  if (parent === undefined) return unknownRelation(from, relation, fields);
  const resolved = others.length > 0 ? fieldOfAny(from, link, rest) : await resolveFrom(describe, parent, rest, signal);
  return 'name' in resolved ? { name: `${name}.${resolved.name}`, type: resolved.type } : resolved;
}

/** Types whose values are no single text or number, or are not shown. */
const NO_VALUE: Readonly<Record<string, PathProblem>> = {
  address: {
    reason: 'it is a compound field, an address',
    fix: 'Name one of its parts in the mapping, for example MailingCity or MailingCountry.',
  },
  location: {
    reason: 'it is a compound field, a geolocation',
    fix: 'Name one of its parts in the mapping, for example Region__Latitude__s.',
  },
  base64: { reason: 'it is a file', fix: 'Remove it from the mapping.' },
  junctionidlist: {
    reason: 'it is a list of IDs',
    fix: 'Remove it from the mapping; Leadgrade reads the people of an activity by itself.',
  },
  complexvalue: { reason: 'it is a compound field', fix: 'Name one of its parts in the mapping.' },
};

function toResolved(object: string, name: string, field: DescribedField | undefined): ResolvedField | PathProblem {
  if (field === undefined) return missingField(object, name);
  return NO_VALUE[field.type] ?? field;
}

function missingField(object: string, name: string): PathProblem {
  return {
    reason: `${object}.${name} does not exist, or the integration user may not see it`,
    fix: `Let the integration user read ${object}.${name} (field-level security), or correct its name in the mapping.`,
  };
}

function unknownRelation(object: string, relation: string, fields: readonly DescribedField[]): PathProblem {
  const byField = fields.find(({ name }) => name.toLowerCase() === relation.toLowerCase())?.relationshipName;
  const names = fields.flatMap(({ relationshipName }) => relationshipName ?? []);
  const fix =
    byField == null
      ? `Use one of its relations: ${names.toSorted().join(', ')}. The relation of a custom field ends in __r.`
      : `Write ${byField} in place of ${relation}: the name of the relation, not of its field.`;
  return { reason: `${object} has no visible relation ${relation}`, fix };
}

/**
 * The fields that every target of a polymorphic relation has: those of the object Name.
 * https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_name.htm
 */
const NAME_FIELDS: readonly ResolvedField[] = [
  ...['Alias', 'Email', 'FirstName', 'LastName', 'Name', 'Phone', 'Title', 'Type', 'Username'].map((name) => ({
    name,
    type: 'string',
  })),
  { name: 'Id', type: 'id' },
  { name: 'IsActive', type: 'boolean' },
];

/** A field of a relation to one of several objects: the owner of a Lead is a user or a queue. */
function fieldOfAny(object: string, { relationshipName, referenceTo }: DescribedField, rest: string) {
  const found = NAME_FIELDS.find(({ name }) => name.toLowerCase() === rest.toLowerCase());
  const names = NAME_FIELDS.map(({ name }) => name).join(', ');
  return (
    found ?? {
      reason: `${relationshipName} of ${object} is one of several objects (${referenceTo.join(', ')}), which have no common field ${rest}`,
      fix: `Use one of the fields that all of them have: ${names}. Or create a formula field in Salesforce, and name it in the mapping.`,
    }
  );
}

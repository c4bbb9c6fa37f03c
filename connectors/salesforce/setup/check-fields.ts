// Checks whether this user can read and edit an object, the Leadgrade fields on it, and the fields
// that the mapping reads.
import type { SetupCheck } from '../../../src/crm/connector.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { linkProperties } from '../../../src/mapping/project-links.ts';
import type { SalesforceParts } from '../parts.ts';
import type { DescribedField } from '../query/describe.ts';
import { invisibleObjectError } from '../query/visibility.ts';
import { activeValues, changedValues, missingValues, type RequiredField, typeMismatch } from './score-fields.ts';

const SETUP = 'Run npx leadgrade setup, or deploy apps/salesforce.';
const EDIT =
  'Let the integration user edit it, by the permission set Leadgrade Integration of apps/salesforce, or by one of your own.';
const GRANT =
  'Assign the permission set Leadgrade Integration to the integration user; npx leadgrade setup creates it.';

export async function checkObject(
  parts: SalesforceParts,
  object: string,
  fields: readonly RequiredField[],
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const described = await parts.schema.describe(object, signal);
  if (described === null || !described.queryable) {
    const { message, fix = EDIT } = invisibleObjectError(`reading ${object} records`, object);
    return [{ what: object, level: 'problem', detail: message, fix }];
  }
  const access: SetupCheck = described.updateable
    ? { what: object, level: 'ok', detail: 'may be read and edited' }
    : { what: object, level: 'problem', detail: 'may be read, but not edited', fix: EDIT };
  return [
    access,
    ...fields.map((field) => checkField(field, described.fields.get(field.name.toLowerCase()))),
    ...(await checkMappedFields(parts, object, signal)),
  ];
}

function checkField(required: RequiredField, existing: DescribedField | undefined): SetupCheck {
  const what = `field ${required.fullName}`;
  // The feedback fields are optional: scoring does not depend on them.
  const level = required.isScore ? 'problem' : 'warning';
  if (existing === undefined) {
    const detail = 'does not exist, or the integration user may not see it';
    return { what, level, detail, fix: `${SETUP} ${GRANT}`, fixableBySetup: true };
  }
  const mismatch = typeMismatch(required, existing);
  if (mismatch !== null) {
    const fix = 'Use another field name under write_back in the mapping, or change the field in Salesforce.';
    return { what, level, detail: mismatch, fix };
  }
  if (required.isScore && !existing.updateable) {
    return { what, level, detail: 'may be read, but not edited', fix: GRANT, fixableBySetup: true };
  }
  const missing = missingValues(required, activeValues(existing)).map(({ value }) => value);
  const changes = changedValues(required, existing.picklistValues);
  if (missing.length === 0 && changes.length > 0) {
    const detail = `differs from the model: ${changes.join('; ')}`;
    return { what, level: 'warning', detail, fix: SETUP, fixableBySetup: true };
  }
  if (missing.length === 0) return { what, level: 'ok', detail: `has the expected type ${existing.type}` };
  const detail = `lacks the values ${missing.join(', ')}`;
  // An unrestricted picklist accepts the values anyway, without a label.
  return { what, level: existing.restrictedPicklist ? level : 'warning', detail, fix: SETUP, fixableBySetup: true };
}

/** A hidden field is unknown for every lead and causes no error, so it is reported here. */
async function checkMappedFields(
  parts: SalesforceParts,
  object: string,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const mapped = [...new Set([...mappedProperties(parts.mapping, object), ...linkProperties(parts.mapping, object)])];
  return await checkPaths(parts, object, mapped, signal);
}

/** One warning for each path that the mapping reads and this user cannot. */
export async function checkPaths(
  { schema }: SalesforceParts,
  object: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const checks: SetupCheck[] = [];
  for (const path of paths) {
    const problem = await schema.problemOf(object, path, signal);
    if (problem === null) continue;
    const detail = `the mapping reads it, but ${problem.reason}`;
    checks.push({ what: `field ${object}.${path}`, level: 'warning', detail, fix: problem.fix });
  }
  return checks;
}

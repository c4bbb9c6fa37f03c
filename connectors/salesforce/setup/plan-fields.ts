// Plans one setup step per required field: nothing, a new field, or new picklist values. Changes
// nothing itself.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { SalesforceParts } from '../parts.ts';
import type { DescribedField } from '../query/described-object.ts';
import {
  arrangeValues,
  type CustomField,
  createCustomField,
  isCustomFieldName,
  ownPicklistValues,
  readCustomFields,
} from './custom-fields.ts';
import { activeValues, changedValues, missingValues, type RequiredField, typeMismatch } from './score-fields.ts';

export interface PlannedStep {
  readonly what: string;
  /** Null: nothing to do. */
  readonly run: ((signal: AbortSignal) => Promise<unknown>) | null;
}

export interface PlannedField {
  readonly required: RequiredField;
  readonly step: PlannedStep;
  /** This user can see the field, and can edit it if Leadgrade writes it. */
  readonly isUsable: boolean;
}

/** @throws ConnectorError `configuration` if a field has another type or cannot be created */
export async function planFields(
  parts: SalesforceParts,
  required: readonly RequiredField[],
  signal: AbortSignal,
): Promise<readonly PlannedField[]> {
  const visible = new Map<RequiredField, DescribedField>();
  for (const field of required) {
    const described = await parts.schema.describe(field.object, signal);
    const found = described?.fields.get(field.name.toLowerCase());
    if (found !== undefined) visible.set(field, found);
  }
  for (const [field, found] of visible) {
    const mismatch = typeMismatch(field, found);
    if (mismatch !== null) throw unusableFieldError(field, mismatch);
  }
  const isComplete = (field: RequiredField) => {
    const found = visible.get(field);
    return found !== undefined && missingValues(field, activeValues(found)).length === 0;
  };
  const custom = await readCustomFields(
    parts,
    required.filter((field) => !isComplete(field)),
    signal,
  );
  const relabelled = await planChangedValues(parts, visible, isComplete, signal);
  return required.map((field) => {
    const found = visible.get(field);
    const step = isComplete(field)
      ? (relabelled.get(field) ?? existingStep(field))
      : planStep(parts, field, custom, found !== undefined);
    return { required: field, step, isUsable: found !== undefined && (found.updateable || !field.isScore) };
  });
}

/** Steps for labels and order. A login that may not change the setup leaves them as they are. */
async function planChangedValues(
  parts: SalesforceParts,
  visible: ReadonlyMap<RequiredField, DescribedField>,
  isComplete: (field: RequiredField) => boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<RequiredField, PlannedStep>> {
  const changes = new Map(
    [...visible].flatMap(([field, { picklistValues }]) => {
      const found = isComplete(field) ? changedValues(field, picklistValues) : [];
      return found.length === 0 ? [] : [[field, found] as const];
    }),
  );
  const custom = await readIfAllowed(parts, [...changes.keys()], signal);
  return new Map(
    [...changes].flatMap(([field, found]) => {
      const existing = custom.get(field.fullName.toLowerCase());
      if (existing === undefined || ownPicklistValues(existing.metadata) === null) return [];
      const what = `field ${field.fullName}: ${found.join('; ')}`;
      return [[field, { what, run: (stop: AbortSignal) => arrangeValues(parts, field, existing, stop) }] as const];
    }),
  );
}

async function readIfAllowed(
  parts: SalesforceParts,
  fields: readonly RequiredField[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, CustomField>> {
  try {
    return await readCustomFields(parts, fields, signal);
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'configuration') return new Map();
    throw error;
  }
}

function existingStep({ fullName }: RequiredField): PlannedStep {
  return { what: `field ${fullName}`, run: null };
}

/** For a field that this user cannot see, or that lacks values. */
function planStep(
  parts: SalesforceParts,
  field: RequiredField,
  custom: ReadonlyMap<string, CustomField>,
  isVisible: boolean,
): PlannedStep {
  const existing = custom.get(field.fullName.toLowerCase());
  if (existing === undefined) {
    if (isVisible) throw unusableFieldError(field, 'lacks values of the model, and setup may not change this field');
    if (!isCustomFieldName(field.name)) {
      throw unusableFieldError(field, 'does not exist, and its name is not a valid custom field name (Any_Name__c)');
    }
    return { what: `field ${field.fullName}`, run: (signal) => createCustomField(parts, field, signal) };
  }
  const { type } = existing.metadata;
  if (type !== field.type) throw unusableFieldError(field, `has the type ${type}, not ${field.type}`);
  if (field.values.length === 0) return existingStep(field);
  const values = ownPicklistValues(existing.metadata);
  if (values === null) {
    throw unusableFieldError(field, 'takes its values from a global picklist, which setup does not change');
  }
  const missing = missingValues(field, values).map(({ value }) => value);
  if (missing.length === 0) return existingStep(field);
  const what = `field ${field.fullName}: values ${missing.join(', ')}`;
  return { what, run: (signal) => arrangeValues(parts, field, existing, signal) };
}

function unusableFieldError({ object, name }: RequiredField, problem: string): ConnectorError {
  return new ConnectorError({
    kind: 'configuration',
    crm: 'salesforce',
    message: `The field ${name} of ${object} ${problem}`,
    code: 'FIELD_UNFIT',
    fix: 'Use another field name under write_back in the mapping, or change the field in Salesforce.',
  });
}

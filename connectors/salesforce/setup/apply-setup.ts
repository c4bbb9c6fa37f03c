// Creates in Salesforce what the product writes to: fields, values of picklists, and permission sets that let them be seen.
// Run twice it does nothing. Where apps/salesforce was deployed, it finds all of it.
import type { SetupStep, WriteTarget } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { DescribedField } from '../query/describe.ts';
import type { SalesforceParts } from '../streams/stream.ts';
import {
  addValues,
  asAdmin,
  type CustomField,
  canBeMade,
  createCustomField,
  readCustomFields,
  valuesIn,
} from './custom-fields.ts';
import {
  assign,
  type FoundSet,
  findPermissionSet,
  grantFields,
  INTEGRATION,
  isAssigned,
  missingGrants,
  PERMISSION_SETS,
} from './permission-sets.ts';
import { activeValues, missingValues, type WantedField, wantedFields, wrongType } from './score-fields.ts';

/** @throws ConnectorError `configuration` before anything is created, when a field is of another type or cannot be made */
export async function* applySetup(
  parts: SalesforceParts,
  target: WriteTarget,
  { dryRun }: { dryRun: boolean },
  signal: AbortSignal,
): AsyncGenerator<SetupStep> {
  parts.schema.forget();
  const fields = await planFields(parts, wantedFields(parts.mapping, target), signal);
  const sets = await planSets(parts, fields, signal);
  for (const { what, run } of [...fields.map(({ step }) => step), ...sets]) {
    if (run !== null && !dryRun) await run(signal);
    yield { what, state: run === null ? 'exists' : dryRun ? 'would-create' : 'created' };
  }
  parts.schema.forget();
}

interface Step {
  readonly what: string;
  /** Null: nothing is to be done. */
  readonly run: ((signal: AbortSignal) => Promise<unknown>) | null;
}

interface PlannedField {
  readonly wanted: WantedField;
  readonly step: Step;
  /** This user sees it, and may edit it where we write it. */
  readonly usable: boolean;
}

async function planFields(
  parts: SalesforceParts,
  wanted: readonly WantedField[],
  signal: AbortSignal,
): Promise<readonly PlannedField[]> {
  const seen = new Map<WantedField, DescribedField>();
  for (const field of wanted) {
    const described = await parts.schema.object(field.object, signal);
    const found = described?.fields.get(field.name.toLowerCase());
    if (found !== undefined) seen.set(field, found);
  }
  for (const [field, found] of seen) {
    const wrong = wrongType(field, found);
    if (wrong !== null) throw unfit(field, wrong);
  }
  const isWhole = (field: WantedField) => {
    const found = seen.get(field);
    return found !== undefined && missingValues(field, activeValues(found)).length === 0;
  };
  const custom = await readCustomFields(
    parts,
    wanted.filter((field) => !isWhole(field)),
    signal,
  );
  return wanted.map((field) => {
    const found = seen.get(field);
    const step = isWhole(field) ? exists(field) : stepFor(parts, field, custom, found !== undefined);
    return { wanted: field, step, usable: found !== undefined && (found.updateable || !field.isScore) };
  });
}

function exists({ fullName }: WantedField): Step {
  return { what: `field ${fullName}`, run: null };
}

/** For a field that this user does not see, or that lacks values. */
function stepFor(
  parts: SalesforceParts,
  field: WantedField,
  custom: ReadonlyMap<string, CustomField>,
  isSeen: boolean,
): Step {
  const there = custom.get(field.fullName.toLowerCase());
  if (there === undefined) {
    if (isSeen) throw unfit(field, 'lacks values of the model, and is none that setup may change');
    if (!canBeMade(field.name)) throw unfit(field, 'is not there, and has no name of a custom field (Any_Name__c)');
    return { what: `field ${field.fullName}`, run: (signal) => createCustomField(parts, field, signal) };
  }
  if (there.metadata.type !== field.type) throw unfit(field, `has the type ${there.metadata.type}, not ${field.type}`);
  if (field.values.length === 0) return exists(field);
  const values = valuesIn(there.metadata);
  if (values === null) throw unfit(field, 'takes its values from a global list, which setup does not change');
  const missing = missingValues(field, values).map(({ value }) => value);
  if (missing.length === 0) return exists(field);
  const what = `field ${field.fullName}: values ${missing.join(', ')}`;
  return { what, run: (signal) => addValues(parts, field, there, signal) };
}

function unfit({ object, name }: WantedField, wrong: string): ConnectorError {
  return new ConnectorError({
    kind: 'configuration',
    crm: 'salesforce',
    message: `The field ${name} of ${object} ${wrong}`,
    code: 'FIELD_UNFIT',
    fix: 'Give our field another name under write_back in the mapping, or change the field in Salesforce.',
  });
}

async function planSets(
  parts: SalesforceParts,
  fields: readonly PlannedField[],
  signal: AbortSignal,
): Promise<readonly Step[]> {
  const wanted = fields.map((field) => field.wanted);
  const isDone = fields.every(({ usable, step }) => usable && step.run === null);
  const found = await findSets(parts, isDone, signal);
  if (found === null) return [];
  const ids = new Map<string, string>();
  const grants = PERMISSION_SETS.map((set): Step => {
    const there = found.get(set.name) ?? null;
    if (there !== null) ids.set(set.name, there.id);
    const missing = missingGrants(set, there, wanted);
    const run = async (signal: AbortSignal) => {
      ids.set(set.name, await asAdmin(() => grantFields(parts, set, there, missing, signal)));
    };
    return { what: `permission set ${set.name}`, run: there !== null && missing.length === 0 ? null : run };
  });
  const user = await parts.http.userId(signal);
  const own = found.get(INTEGRATION.name) ?? null;
  const isOwn = own !== null && (await isAssigned(parts, own, user, signal));
  const run = (signal: AbortSignal) => asAdmin(() => assign(parts, ids.get(INTEGRATION.name) ?? '', user, signal));
  return [...grants, { what: `permission set ${INTEGRATION.name} for this user`, run: isOwn ? null : run }];
}

/** The sets by name; null: this user may not see them, and needs none. */
async function findSets(
  parts: SalesforceParts,
  isDone: boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FoundSet | null> | null> {
  const found = new Map<string, FoundSet | null>();
  try {
    for (const set of PERMISSION_SETS) {
      found.set(set.name, await asAdmin(() => findPermissionSet(parts, set, signal)));
    }
    return found;
  } catch (error) {
    if (isDone && error instanceof ConnectorError && error.kind === 'configuration') return null;
    throw error;
  }
}

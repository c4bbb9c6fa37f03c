// Creates what Leadgrade needs in Salesforce: fields, picklist values, and permission sets. A
// second run changes nothing. If apps/salesforce is deployed, everything exists already.
import type { SetupStep, WriteTarget } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { SalesforceParts } from '../parts.ts';
import { withAdminHint } from './custom-fields.ts';
import {
  assignPermissionSet,
  type ExistingPermissionSet,
  findPermissionSet,
  grantFields,
  INTEGRATION,
  isAssigned,
  missingGrants,
  PERMISSION_SETS,
} from './permission-sets.ts';
import { type PlannedField, type PlannedStep, planFields } from './plan-fields.ts';
import { requiredFields } from './score-fields.ts';

/**
 * Yields each step after it is done; with `dryRun` nothing is changed.
 * @throws ConnectorError `configuration`, before anything is created, if a field has another type
 * or cannot be created
 */
export async function* applySetup(
  parts: SalesforceParts,
  target: WriteTarget,
  { dryRun }: { dryRun: boolean },
  signal: AbortSignal,
): AsyncGenerator<SetupStep> {
  parts.schema.invalidate();
  const fields = await planFields(parts, requiredFields(parts.mapping, target), signal);
  const permissionSets = await planPermissionSets(parts, fields, signal);
  for (const { what, run } of [...fields.map(({ step }) => step), ...permissionSets]) {
    if (run !== null && !dryRun) await run(signal);
    yield { what, state: run === null ? 'exists' : dryRun ? 'would-create' : 'created' };
  }
  parts.schema.invalidate();
}

async function planPermissionSets(
  parts: SalesforceParts,
  fields: readonly PlannedField[],
  signal: AbortSignal,
): Promise<readonly PlannedStep[]> {
  const required = fields.map((field) => field.required);
  const areFieldsReady = fields.every(({ isUsable, step }) => isUsable && step.run === null);
  const existing = await findPermissionSets(parts, areFieldsReady, signal);
  if (existing === null) return [];
  const ids = new Map<string, string>();
  const grants = PERMISSION_SETS.map((set): PlannedStep => {
    const found = existing.get(set.name) ?? null;
    if (found !== null) ids.set(set.name, found.id);
    const missing = missingGrants(set, found, required);
    const run = async (signal: AbortSignal) => {
      ids.set(set.name, await withAdminHint(() => grantFields(parts, set, found, missing, signal)));
    };
    return { what: `permission set ${set.name}`, run: found !== null && missing.length === 0 ? null : run };
  });
  const userId = await parts.http.userId(signal);
  const integration = existing.get(INTEGRATION.name) ?? null;
  const hasIntegration = integration !== null && (await isAssigned(parts, integration, userId, signal));
  const run = (signal: AbortSignal) =>
    withAdminHint(() => assignPermissionSet(parts, ids.get(INTEGRATION.name) ?? '', userId, signal));
  return [...grants, { what: `permission set ${INTEGRATION.name} for this user`, run: hasIntegration ? null : run }];
}

/**
 * The permission sets by name; null if this user cannot see them and, as all fields are usable,
 * needs none.
 */
async function findPermissionSets(
  parts: SalesforceParts,
  areFieldsReady: boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ExistingPermissionSet | null> | null> {
  const found = new Map<string, ExistingPermissionSet | null>();
  try {
    for (const set of PERMISSION_SETS) {
      found.set(set.name, await withAdminHint(() => findPermissionSet(parts, set, signal)));
    }
    return found;
  } catch (error) {
    if (areFieldsReady && error instanceof ConnectorError && error.kind === 'configuration') return null;
    throw error;
  }
}

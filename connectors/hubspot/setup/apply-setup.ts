// Creates the property group, properties and options in HubSpot that Leadgrade writes. Idempotent.
import { z } from 'zod';
import type { SetupStep, WriteTarget } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { HubSpotHttpError } from '../http/error-response.ts';
import { type HubSpotProperty, propertyGroupsSchema } from '../http/responses/setup.ts';
import type { HubSpotParts } from '../parts.ts';
import { NO_ROOM_FIX, readPropertyQuota } from './property-quota.ts';
import {
  arrangedOptions,
  changedOptions,
  GROUP,
  missingOptions,
  OTHER_PROPERTY_FIX,
  readContactProperties,
  type WantedProperty,
  wantedProperties,
} from './score-properties.ts';

/**
 * @throws ConnectorError `configuration`, before anything is created, for a property of another
 *   type or for lack of room
 */
export async function* applySetup(
  { http, mapping }: Pick<HubSpotParts, 'http' | 'mapping'>,
  target: WriteTarget,
  { dryRun }: { dryRun: boolean },
  signal: AbortSignal,
): AsyncGenerator<SetupStep> {
  const wanted = wantedProperties(mapping, target);
  const existing = await readContactProperties(http, signal);
  assertTypes(wanted, existing);
  const missing = wanted.filter(({ name }) => !existing.has(name));
  await assertRoom(http, missing.length, signal);
  const state = dryRun ? 'would-create' : 'created';

  const group = { what: `property group ${GROUP.name}` };
  if (await hasGroup(http, signal)) yield { ...group, state: 'exists' };
  else {
    const path = http.paths.propertyGroups('contacts');
    if (!dryRun) await create(http, { ...group, path, body: { ...GROUP, displayOrder: -1 } }, signal);
    yield { ...group, state };
  }
  for (const property of wanted) {
    const step = stepFor(http, property, existing.get(property.name));
    if (step.run !== null && !dryRun) await step.run(signal);
    yield { what: step.what, state: step.run === null ? 'exists' : state };
  }
}

interface PropertyStep {
  readonly what: string;
  /** Null: the property is complete. */
  readonly run: ((signal: AbortSignal) => Promise<void>) | null;
}

function stepFor(http: HubSpotHttp, property: WantedProperty, existing: HubSpotProperty | undefined): PropertyStep {
  const what = `contact property ${property.name}`;
  if (existing === undefined) {
    const created = { what, path: http.paths.properties('contacts'), body: definitionOf(property) };
    return { what, run: (signal) => create(http, created, signal) };
  }
  const options = missingOptions(property, existing).map(({ value }) => value);
  const added = options.length === 0 ? [] : [`options ${options.join(', ')}`];
  const changes = [...added, ...changedOptions(property, existing)];
  if (changes.length === 0) return { what, run: null };
  return {
    what: `${what}: ${changes.join('; ')}`,
    run: (signal) => arrangeOptions(http, property, existing, signal),
  };
}

function definitionOf({ name, label, type, fieldType, description, options }: WantedProperty) {
  return { name, label, type, fieldType, description, groupName: GROUP.name, formField: false, options };
}

function assertTypes(wanted: readonly WantedProperty[], existing: ReadonlyMap<string, HubSpotProperty>): void {
  for (const { name, type } of wanted) {
    const property = existing.get(name);
    if (property === undefined || property.type === type) continue;
    throw new ConnectorError({
      kind: 'configuration',
      crm: 'hubspot',
      message: `HubSpot's contact property "${name}" has the type ${property.type} instead of ${type}`,
      code: 'PROPERTY_TYPE',
      fix: `${OTHER_PROPERTY_FIX}, or delete the property in HubSpot.`,
    });
  }
}

async function assertRoom(http: HubSpotHttp, missing: number, signal: AbortSignal): Promise<void> {
  if (missing === 0) return;
  const quota = await readPropertyQuota(http, signal);
  if (quota === null || quota.limit - quota.usage >= missing) return;
  throw new ConnectorError({
    kind: 'configuration',
    crm: 'hubspot',
    message: `${missing} contact properties must be created, but the portal has room for ${quota.limit - quota.usage}`,
    code: 'PROPERTY_QUOTA',
    fix: NO_ROOM_FIX,
  });
}

async function hasGroup(http: HubSpotHttp, signal: AbortSignal): Promise<boolean> {
  const path = http.paths.propertyGroups('contacts');
  const call = { what: 'reading property groups', path, responseSchema: propertyGroupsSchema };
  return (await http.call(call, signal)).results.valid.some(({ name }) => name === GROUP.name);
}

interface NewThing {
  readonly what: string;
  readonly path: string;
  readonly body: unknown;
}

/** HubSpot returns what it created or changed. A gateway that answers in its place did not. */
const namedSchema = z.looseObject({ name: z.string() });

/**
 * A 409 means that the object exists: another process created it, or the response to an earlier
 * attempt was lost.
 */
async function create(http: HubSpotHttp, { what, path, body }: NewThing, signal: AbortSignal): Promise<void> {
  const call = { what: `creating the ${what}`, method: 'POST', path, body } as const;
  try {
    await http.call({ ...call, responseSchema: namedSchema }, signal);
  } catch (error) {
    if (!(error instanceof ConnectorError) || !(error.cause instanceof HubSpotHttpError)) throw error;
    if (error.cause.status !== 409) throw error;
  }
}

/**
 * An update replaces all options, so the existing ones (a rep's own, an older model's) are sent as
 * well.
 */
async function arrangeOptions(
  http: HubSpotHttp,
  wanted: WantedProperty,
  existing: HubSpotProperty,
  signal: AbortSignal,
): Promise<void> {
  const path = http.paths.property('contacts', wanted.name);
  const body = { options: arrangedOptions(wanted, existing) };
  const what = `changing the options of ${wanted.name}`;
  await http.call({ what, method: 'PATCH', path, body, responseSchema: namedSchema }, signal);
}

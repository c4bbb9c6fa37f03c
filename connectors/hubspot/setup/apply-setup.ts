// Creates in HubSpot what the product writes to: a property group, the properties, the options. Run twice it does nothing.
import { z } from 'zod';
import type { SetupStep, WriteTarget } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { HubSpotHttpError } from '../http/error-response.ts';
import { groupsAnswer, type HubSpotProperty } from '../http/responses.ts';
import { readQuota } from './property-quota.ts';
import { GROUP, missingOptions, readProperties, type WantedProperty, wantedProperties } from './score-properties.ts';

export interface SetupParts {
  readonly http: HubSpotHttp;
  readonly mapping: Mapping;
}

/** @throws ConnectorError `configuration` before anything is created, when a property has another type or none has room */
export async function* applySetup(
  { http, mapping }: SetupParts,
  target: WriteTarget,
  { dryRun }: { dryRun: boolean },
  signal: AbortSignal,
): AsyncGenerator<SetupStep> {
  const wanted = wantedProperties(mapping, target);
  const existing = await readProperties(http, signal);
  refuseOtherTypes(wanted, existing);
  const missing = wanted.filter(({ name }) => !existing.has(name));
  await refuseWithoutRoom(http, missing.length, signal);
  const state = dryRun ? 'would-create' : 'created';

  const group = { what: `property group ${GROUP.name}` };
  if (await hasGroup(http, signal)) yield { ...group, state: 'exists' };
  else {
    if (!dryRun) await post(http, http.paths.propertyGroups('contacts'), { ...GROUP, displayOrder: -1 }, signal);
    yield { ...group, state };
  }
  for (const property of wanted) {
    const needed = stepFor(http, property, existing.get(property.name));
    if (needed.run !== null && !dryRun) await needed.run(signal);
    yield { what: needed.what, state: needed.run === null ? 'exists' : state };
  }
}

interface NeededStep {
  readonly what: string;
  /** Null: nothing is to be done. */
  readonly run: ((signal: AbortSignal) => Promise<void>) | null;
}

function stepFor(http: HubSpotHttp, property: WantedProperty, there: HubSpotProperty | undefined): NeededStep {
  const what = `contact property ${property.name}`;
  if (there === undefined) {
    return { what, run: (signal) => post(http, http.paths.properties('contacts'), definitionOf(property), signal) };
  }
  const options = missingOptions(property, there).map(({ value }) => value);
  if (options.length === 0) return { what, run: null };
  return { what: `${what}: options ${options.join(', ')}`, run: (signal) => addOptions(http, property, there, signal) };
}

function definitionOf({ name, label, type, fieldType, description, options }: WantedProperty) {
  return { name, label, type, fieldType, description, groupName: GROUP.name, formField: false, options };
}

function refuseOtherTypes(wanted: readonly WantedProperty[], existing: ReadonlyMap<string, HubSpotProperty>): void {
  for (const { name, type } of wanted) {
    const there = existing.get(name);
    if (there === undefined || there.type === type) continue;
    throw new ConnectorError({
      kind: 'configuration',
      crm: 'hubspot',
      message: `HubSpot's contact property "${name}" has the type ${there.type}, not ${type}`,
      code: 'PROPERTY_TYPE',
      fix: "Give our field another property name under write_back in the mapping, or remove HubSpot's property.",
    });
  }
}

async function refuseWithoutRoom(http: HubSpotHttp, needed: number, signal: AbortSignal): Promise<void> {
  if (needed === 0) return;
  const quota = await readQuota(http, signal);
  if (quota === null || quota.limit - quota.usage >= needed) return;
  throw new ConnectorError({
    kind: 'configuration',
    crm: 'hubspot',
    message: `${needed} contact properties are to be created; the portal has room for ${quota.limit - quota.usage}`,
    code: 'PROPERTY_QUOTA',
    fix: 'Remove custom contact properties that nobody uses, or drop fields under write_back in the mapping.',
  });
}

async function hasGroup(http: HubSpotHttp, signal: AbortSignal): Promise<boolean> {
  const path = http.paths.propertyGroups('contacts');
  const answer = await http.call({ what: 'reading property groups', path, answer: groupsAnswer }, signal);
  return answer.results.some(({ name }) => name === GROUP.name);
}

/** A 409 means that it is there already: another process was faster, or an answer got lost. */
async function post(http: HubSpotHttp, path: string, body: unknown, signal: AbortSignal): Promise<void> {
  try {
    await http.call({ what: 'creating a property', method: 'POST', path, body, answer: z.unknown() }, signal);
  } catch (error) {
    if (error instanceof ConnectorError && error.cause instanceof HubSpotHttpError && error.cause.status === 409)
      return;
    throw error;
  }
}

/** The options of an update replace all others: those that are there (a rep's own, an older model's) are sent along. */
async function addOptions(
  http: HubSpotHttp,
  wanted: WantedProperty,
  there: HubSpotProperty,
  signal: AbortSignal,
): Promise<void> {
  const kept = there.options.map(({ value, label, displayOrder, hidden }, index) => {
    return { value, label, displayOrder: displayOrder ?? index, hidden: hidden ?? false };
  });
  const first = Math.max(-1, ...kept.map((option) => option.displayOrder)) + 1;
  const added = missingOptions(wanted, there).map((option, index) => ({ ...option, displayOrder: first + index }));
  const path = http.paths.property('contacts', wanted.name);
  const body = { options: [...kept, ...added] };
  await http.call({ what: 'adding options', method: 'PATCH', path, body, answer: z.unknown() }, signal);
}

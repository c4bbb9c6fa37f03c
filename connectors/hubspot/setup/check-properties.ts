// Checks the contact properties that the mapping writes and reads, and the room for missing ones.
import type { SetupCheck, WriteTarget } from '../../../src/crm/connector.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotProperty } from '../http/responses/setup.ts';
import { NO_ROOM_FIX, readPropertyQuota } from './property-quota.ts';
import {
  changedOptions,
  missingOptions,
  OTHER_PROPERTY_FIX,
  readContactProperties,
  type WantedProperty,
  wantedProperties,
} from './score-properties.ts';

/** @throws ConnectorError when the properties cannot be read */
export async function checkProperties(
  { http, mapping }: { readonly http: HubSpotHttp; readonly mapping: Mapping },
  target: WriteTarget,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const existing = await readContactProperties(http, signal);
  const wanted = wantedProperties(mapping, target);
  const missing = wanted.filter(({ name }) => !existing.has(name));
  return [
    ...wanted.map((property) => checkProperty(property, existing.get(property.name))),
    ...unknownSources(mapping, new Set(existing.keys())),
    ...(await checkQuota(http, missing.length, signal)),
  ];
}

function checkProperty(wanted: WantedProperty, existing: HubSpotProperty | undefined): SetupCheck {
  const what = `contact property ${wanted.name}`;
  const setup = { fix: 'Run: npx leadgrade setup', fixableBySetup: true } as const;
  if (existing === undefined) return { what, level: 'problem', detail: 'does not exist', ...setup };
  if (existing.type !== wanted.type) {
    const detail = `has the type ${existing.type} instead of ${wanted.type}`;
    return { what, level: 'problem', detail, fix: `${OTHER_PROPERTY_FIX}.` };
  }
  const options = missingOptions(wanted, existing).map(({ value }) => value);
  const changes = changedOptions(wanted, existing);
  if (options.length === 0 && changes.length > 0) {
    return { what, level: 'warning', detail: `differs from the model: ${changes.join('; ')}`, ...setup };
  }
  if (options.length === 0) return { what, level: 'ok', detail: `exists with the type ${existing.type}` };
  return { what, level: 'problem', detail: `lacks the options ${options.join(', ')}`, ...setup };
}

/**
 * HubSpot omits an unknown property from its responses without an error, so the field would stay
 * unknown.
 */
function unknownSources(mapping: Mapping, existing: ReadonlySet<string>): readonly SetupCheck[] {
  return mappedProperties(mapping, 'contacts')
    .filter((property) => !existing.has(property))
    .map((property) => ({
      what: `contact property ${property}`,
      level: 'warning',
      detail: 'the mapping reads it, but this portal has no such property',
      fix: 'Correct or remove it under fields in the mapping.',
    }));
}

async function checkQuota(http: HubSpotHttp, missing: number, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const quota = await readPropertyQuota(http, signal);
  if (quota === null) return [];
  const detail = `${quota.usage} of ${quota.limit} custom contact properties are used`;
  const what = 'custom property quota';
  if (quota.limit - quota.usage >= missing) return [{ what, level: 'ok', detail }];
  return [{ what, level: 'problem', detail: `${detail}; ${missing} more are needed`, fix: NO_ROOM_FIX }];
}

// How many custom contact properties the portal may have, and how many it has.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { propertyLimitsSchema } from '../http/responses/setup.ts';
import { CONTACT_TYPE_ID } from './score-properties.ts';

export interface PropertyQuota {
  readonly limit: number;
  readonly usage: number;
}

export const NO_ROOM_FIX = 'Delete unused custom contact properties, or remove fields under write_back in the mapping.';

/**
 * Null when this token may not read the quota; creating a property then shows whether there is
 * room.
 */
export async function readPropertyQuota(http: HubSpotHttp, signal: AbortSignal): Promise<PropertyQuota | null> {
  const call = { what: 'reading the property quota', path: http.paths.customPropertyLimits };
  try {
    const response = await http.call({ ...call, responseSchema: propertyLimitsSchema }, signal);
    return response.byObjectType.valid.find(({ objectTypeId }) => objectTypeId === CONTACT_TYPE_ID) ?? null;
  } catch (error) {
    if (error instanceof ConnectorError && (error.kind === 'forbidden' || error.kind === 'not-found')) return null;
    throw error;
  }
}

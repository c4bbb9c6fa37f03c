// Checks what the token may do, by one small call per part. HubSpot does not report the scopes of a
// static token, so only a call shows whether it is allowed.
import { z } from 'zod';
import type { SetupCheck, StreamAvailability } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { runSetupCheck } from '../../kit/setup-check.ts';
import type { ProbeCall } from '../http/call.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { HubSpotHttpError, isObjectNotFound, missingScopes } from '../http/error-response.ts';
import { WRITE_SCOPES } from '../http/scopes.ts';
import { type StreamReader, scopeFix } from '../streams/stream-reader.ts';

interface Access {
  readonly what: string;
  readonly probe: ProbeCall;
  readonly level: 'problem' | 'warning';
  /** For a refusal that names no scope. */
  readonly fix: string | undefined;
  /** The required subscription, if any. */
  readonly subscription?: string | undefined;
  /** Further sentences for the fix. */
  readonly notes: readonly string[];
}

interface AccessParts {
  readonly http: HubSpotHttp;
  readonly readers: readonly StreamReader[];
}

/** For `doctor`: every stream that is read, and everything that is written. */
export async function checkAccess({ http, readers }: AccessParts, signal: AbortSignal): Promise<SetupCheck[]> {
  const checks: SetupCheck[] = [];
  for (const access of [...readers.map((reader) => readAccess(reader, readers)), ...writeAccess(http)]) {
    const { what, level } = access;
    const found = await runSetupCheck({ what, level }, signal, async () => {
      const refusal = await probe(http, access, signal);
      return [refusal === null ? { what, level: 'ok', detail: 'allowed' } : { what, level, ...refusal }];
    });
    checks.push(...found);
  }
  return checks;
}

/**
 * The availability of the optional streams. A required stream is not probed: reading it shows
 * whether it is available.
 * @throws ConnectorError of any kind but `forbidden` and `not-found`
 */
export async function probeStreams(
  { http, readers }: AccessParts,
  signal: AbortSignal,
): Promise<readonly StreamAvailability[]> {
  const availability: StreamAvailability[] = [];
  for (const reader of readers.filter(({ access }) => access.isRequired !== true)) {
    const access = readAccess(reader, readers);
    availability.push({ stream: reader.stream.id, unavailable: await unavailability(http, access, signal) });
  }
  return availability;
}

async function unavailability(
  http: HubSpotHttp,
  access: Access,
  signal: AbortSignal,
): Promise<StreamAvailability['unavailable']> {
  try {
    const refusal = await probe(http, access, signal);
    return refusal === null ? null : { reason: refusal.detail, fix: refusal.fix };
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'not-found') throw error;
    // HubSpot removes old API versions: one removed path must not stop the other streams.
    return { reason: error.message, fix: 'Check HUBSPOT_API_VERSION, or update Leadgrade.' };
  }
}

function readAccess({ stream, access }: StreamReader, readers: readonly StreamReader[]): Access {
  const { fix, subscription, alternative, isRequired } = access;
  const what = `reading ${stream.id}`;
  const types = stream.activityTypes.join(', ');
  const fallbacks = readers.filter((reader) => reader.stream.fallbackFor === stream.id).map(({ stream: { id } }) => id);
  const replacement = fallbacks.length === 0 ? `${types} cannot be read` : `${fallbacks.join(', ')} is read instead`;
  const consequence = types === '' ? [] : [`Until then ${replacement}.`];
  const notes = [...(alternative === undefined ? [] : [alternative]), ...consequence];
  const level = isRequired === true ? 'problem' : 'warning';
  return { what, probe: { ...access.probe, what: access.probed ?? what }, level, fix, subscription, notes };
}

/**
 * HubSpot checks scopes first and then refuses these incomplete requests, so nothing is changed.
 */
function writeAccess(http: HubSpotHttp): Access[] {
  const writing = 'writing contacts';
  const creating = 'creating contact properties';
  return [
    {
      what: writing,
      probe: { what: writing, method: 'POST', path: http.paths.batchUpdate('contacts'), body: { inputs: [] } },
      level: 'problem',
      fix: scopeFix(WRITE_SCOPES.contacts),
      notes: [],
    },
    {
      what: creating,
      probe: { what: creating, method: 'POST', path: http.paths.properties('contacts'), body: {} },
      level: 'warning',
      fix: scopeFix(WRITE_SCOPES.properties),
      notes: [],
    },
  ];
}

/** Why the token is refused, and how to get access; null = it is not refused. */
async function probe(
  http: HubSpotHttp,
  access: Access,
  signal: AbortSignal,
): Promise<{ detail: string; fix: string } | null> {
  try {
    await http.call({ ...access.probe, responseSchema: z.unknown() }, signal);
    return null;
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    // The content of the probe is refused, not the token.
    if (error.kind === 'invalid') return null;
    if (error.kind !== 'forbidden' && !isAbsent(error)) throw error;
    // What needs a subscription needs no scope that an app can have, whatever scope HubSpot names:
    // `business-intelligence` cannot be chosen.
    const scopes = access.subscription === undefined ? scopesFix(error) : undefined;
    const fixes = [access.subscription, scopes ?? access.fix, ...access.notes];
    return { detail: error.message, fix: fixes.filter((text) => text !== undefined).join(' ') };
  }
}

/**
 * HubSpot reports that the portal does not have the object. A misrouted gateway responds 404 as
 * well.
 */
function isAbsent(error: ConnectorError): boolean {
  return error.kind === 'not-found' && error.cause instanceof HubSpotHttpError && isObjectNotFound(error.cause.body);
}

function scopesFix(error: ConnectorError): string | undefined {
  const scopes = error.cause instanceof HubSpotHttpError ? missingScopes(error.cause.body) : [];
  return scopes.length > 0 ? error.fix : undefined;
}

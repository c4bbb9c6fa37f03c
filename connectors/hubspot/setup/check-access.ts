// What this token may do: one small call for each thing that is needed. HubSpot has no list of a static token's scopes, so only
// trying tells.
import { z } from 'zod';
import type { SetupCheck, StreamAvailability } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Call } from '../http/call.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { HubSpotHttpError, isObjectNotFound, missingScopes } from '../http/error-response.ts';
import { WRITE_SCOPES } from '../http/scopes.ts';
import { type StreamReader, scopeFix } from '../streams/stream.ts';

interface Access {
  readonly what: string;
  readonly probe: Omit<Call<unknown>, 'answer'>;
  readonly level: 'problem' | 'warning';
  /** When HubSpot names no scope. */
  readonly fix: string | undefined;
  /** Whatever the scopes. */
  readonly subscription?: string | undefined;
  /** What else is to be said. */
  readonly besides: readonly string[];
}

interface Parts {
  readonly http: HubSpotHttp;
  readonly readers: readonly StreamReader[];
}

/** For `doctor`: everything that is read and written. */
export async function checkAccess({ http, readers }: Parts, signal: AbortSignal): Promise<SetupCheck[]> {
  const checks: SetupCheck[] = [];
  for (const access of [...readers.map((reader) => readAccess(reader, readers)), ...writeAccess(http)]) {
    const { what, level } = access;
    try {
      const refused = await refusal(http, access, signal);
      checks.push(refused === null ? { what, level: 'ok', detail: 'allowed' } : { what, level, ...refused });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ConnectorError)) throw error;
      checks.push({ what, level, detail: error.message, fix: error.fix ?? 'Try again later.' });
    }
  }
  return checks;
}

/**
 * Which streams this token and portal let us see. Those that nothing works without are not asked for: reading them tells.
 * @throws ConnectorError of any kind but `forbidden` and `not-found`
 */
export async function probeStreams({ http, readers }: Parts, signal: AbortSignal): Promise<StreamAvailability[]> {
  const sights: StreamAvailability[] = [];
  for (const reader of readers.filter(({ access }) => access.needed !== true)) {
    const access = readAccess(reader, readers);
    sights.push({ stream: reader.stream.id, unavailable: await denial(http, access, signal) });
  }
  return sights;
}

async function denial(
  http: HubSpotHttp,
  access: Access,
  signal: AbortSignal,
): Promise<StreamAvailability['unavailable']> {
  try {
    const refused = await refusal(http, access, signal);
    return refused === null ? null : { reason: refused.detail, fix: refused.fix };
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'not-found') throw error;
    // As old API versions go: one path that is no more must not end the reading of the others.
    return { reason: error.message, fix: 'Check HUBSPOT_API_VERSION, or update Leadgrade.' };
  }
}

function readAccess({ stream, access }: StreamReader, readers: readonly StreamReader[]): Access {
  const { probe, fix, subscription, otherwise, needed } = access;
  const what = `reading ${stream.id}`;
  const types = stream.activityTypes.join(', ');
  const standIns = readers.filter((each) => each.stream.fallbackFor === stream.id).map((each) => each.stream.id);
  const until = standIns.length === 0 ? `${types} cannot be seen` : `there is what ${standIns.join(', ')} can tell`;
  const lost = types === '' ? [] : [`Until then ${until}.`];
  const besides = [...(otherwise === undefined ? [] : [otherwise]), ...lost];
  const level = needed === true ? 'problem' : 'warning';
  return { what, probe: { ...probe, what }, level, fix, subscription, besides };
}

/** Requests that HubSpot refuses for what they lack, and before that for a scope that is missing: nothing is changed. */
function writeAccess(http: HubSpotHttp): Access[] {
  const writing = 'writing contacts';
  const creating = 'creating contact properties';
  return [
    {
      what: writing,
      probe: { what: writing, method: 'POST', path: http.paths.batchUpdate('contacts'), body: { inputs: [] } },
      level: 'problem',
      fix: scopeFix(WRITE_SCOPES.contacts),
      besides: [],
    },
    {
      what: creating,
      probe: { what: creating, method: 'POST', path: http.paths.properties('contacts'), body: {} },
      level: 'warning',
      fix: scopeFix(WRITE_SCOPES.properties),
      besides: [],
    },
  ];
}

/** Why the probe is refused to whoever asks, and what opens it; null = it is not. */
async function refusal(
  http: HubSpotHttp,
  { probe, fix, subscription, besides }: Access,
  signal: AbortSignal,
): Promise<{ detail: string; fix: string } | null> {
  try {
    await http.call({ ...probe, answer: z.unknown() }, signal);
    return null;
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    // Refused for what the probe says, not for who asks.
    if (error.kind === 'invalid') return null;
    if (error.kind !== 'forbidden' && !isAbsent(error)) throw error;
    const mends = [subscription, scopesFix(error) ?? fix, ...besides].filter((text) => text !== undefined);
    return { detail: error.message, fix: mends.join(' ') };
  }
}

/** HubSpot says that this portal does not have what was asked for. A gateway that lost its way answers 404 as well. */
function isAbsent(error: ConnectorError): boolean {
  return error.kind === 'not-found' && error.cause instanceof HubSpotHttpError && isObjectNotFound(error.cause.body);
}

function scopesFix(error: ConnectorError): string | undefined {
  const scopes = error.cause instanceof HubSpotHttpError ? missingScopes(error.cause.body) : [];
  return scopes.length > 0 ? error.fix : undefined;
}

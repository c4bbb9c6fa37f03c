// What this token may do: one small call for each thing that is needed. HubSpot has no list of a static token's scopes, and
// its list of event types is the same on every subscription, so only trying tells.
import { z } from 'zod';
import type { ChangeStream, SetupCheck } from '../connector.ts';
import { ConnectorError } from '../connector-error.ts';
import { missingScopes, RefusedCall } from './answer-error.ts';
import type { Call } from './call.ts';
import type { HubSpotHttp } from './http.ts';

type Probe = Omit<Call<unknown>, 'answer'>;

interface Access {
  readonly what: string;
  readonly probe: Probe;
  readonly level: 'problem' | 'warning';
  /** When HubSpot names no scope. */
  readonly fix: string;
  /** What else helps than the scope. */
  readonly otherwise?: string;
}

export async function checkAccess(
  { http, streams }: { readonly http: HubSpotHttp; readonly streams: readonly ChangeStream[] },
  signal: AbortSignal,
): Promise<SetupCheck[]> {
  const checks: SetupCheck[] = [];
  for (const access of [...streams.map((stream) => readAccess(http, stream)), ...writeAccess(http)]) {
    checks.push(await checkOne(http, access, signal));
  }
  return checks;
}

function readAccess(http: HubSpotHttp, stream: ChangeStream): Access {
  const lost =
    stream.activityTypes.length === 0 ? '' : ` Until then ${stream.activityTypes.join(', ')} cannot be seen.`;
  const what = `reading ${stream.id}`;
  if (stream.id === 'page_views') {
    const query = { eventType: 'e_visited_page', objectType: 'contact', limit: '1' };
    const fix = `Page views need an Enterprise subscription.${lost}`;
    return { what, probe: { what, path: http.paths.eventOccurrences, query }, level: 'warning', fix };
  }
  if (stream.id === 'form_submissions') {
    const fix = `Give the app the scope forms.${lost}`;
    return { what, probe: { what, path: http.paths.forms, query: { limit: '1' } }, level: 'warning', fix };
  }
  const scope = SCOPES[stream.id] ?? 'crm.objects.contacts.read';
  const probe = { what, path: http.paths.list(stream.id), query: { limit: '1' } };
  const fix = `Give the app the scope ${scope}, then install it again.${lost}`;
  if (stream.id === 'companies') return { what, probe, level: 'problem', fix, otherwise: WITHOUT_COMPANIES };
  return { what, probe, level: stream.id === 'contacts' ? 'problem' : 'warning', fix };
}

// The stream is there only where the mapping uses companies, and then every contact is read with its company.
const WITHOUT_COMPANIES =
  'Or remove the fields from companies in the mapping. Until then no contact can be read: each is read with its company.';

const SCOPES: Readonly<Record<string, string>> = {
  companies: 'crm.objects.companies.read',
  emails: 'sales-email-read',
};

/** Requests that HubSpot refuses for what they lack, and before that for a scope that is missing: nothing is changed. */
function writeAccess(http: HubSpotHttp): Access[] {
  const scopeFix = (scope: string) => `Give the app the scope ${scope}, then install it again.`;
  return [
    {
      what: 'writing contacts',
      probe: {
        what: 'writing contacts',
        method: 'POST',
        path: http.paths.batchUpdate('contacts'),
        body: { inputs: [] },
      },
      level: 'problem',
      fix: scopeFix('crm.objects.contacts.write'),
    },
    {
      what: 'creating contact properties',
      probe: { what: 'creating properties', method: 'POST', path: http.paths.properties('contacts'), body: {} },
      level: 'warning',
      fix: scopeFix('crm.schemas.contacts.write'),
    },
  ];
}

async function checkOne(http: HubSpotHttp, access: Access, signal: AbortSignal): Promise<SetupCheck> {
  const { what, probe, level } = access;
  try {
    await http.call({ ...probe, answer: z.unknown() }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ConnectorError)) throw error;
    if (error.kind === 'forbidden') {
      const fix = [scopesFix(error) ?? access.fix, access.otherwise].filter((text) => text !== undefined).join(' ');
      return { what, level, detail: error.message, fix };
    }
    // Refused for what the probe says, not for who asks.
    if (error.kind !== 'invalid') return { what, level, detail: error.message, fix: error.fix ?? 'Try again later.' };
  }
  return { what, level: 'ok', detail: 'allowed' };
}

function scopesFix(error: ConnectorError): string | undefined {
  const scopes = error.cause instanceof RefusedCall ? missingScopes(error.cause.body) : [];
  return scopes.length > 0 ? error.fix : undefined;
}

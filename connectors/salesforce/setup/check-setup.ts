// The checks of `npx leadgrade doctor` for Salesforce: login, objects and fields, streams, API calls,
// clock. Each problem has a fix. Changes nothing.
import { z } from 'zod';
import type { SetupCheck, WriteTarget } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { activityProperties } from '../../../src/mapping/project-activities.ts';
import { runSetupCheck } from '../../kit/setup-check.ts';
import type { SalesforceParts } from '../parts.ts';
import { PEOPLE } from '../people/person-mapping.ts';
import { readRows } from '../query/query.ts';
import { compare, instant } from '../query/soql.ts';
import type { StreamReader } from '../streams/stream-reader.ts';
import { checkPersonAccounts } from '../write/person-accounts.ts';
import { checkObject, checkPaths } from './check-fields.ts';
import { describeAccount } from './describe-account.ts';
import { requiredFields } from './score-fields.ts';

type CheckParts = SalesforceParts & { readonly readers: readonly StreamReader[] };

/** Reports every problem as a check; throws only when aborted. */
export async function checkSetup(
  parts: CheckParts,
  target: WriteTarget,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const login = await runSetupCheck({ what: 'login', level: 'problem' }, signal, () => checkLogin(parts, signal));
  // Without a login every other check would report the same problem.
  if (login.some((check) => check.level === 'problem')) return login;
  parts.schema.invalidate();
  const fields = requiredFields(parts.mapping, target);
  const checks: SetupCheck[] = [...login];
  for (const object of PEOPLE) {
    const objectFields = fields.filter((field) => field.object === object);
    checks.push(
      ...(await runSetupCheck({ what: object, level: 'problem' }, signal, () =>
        checkObject(parts, object, objectFields, signal),
      )),
    );
  }
  const people = { what: 'person accounts', level: 'warning' as const };
  checks.push(...(await runSetupCheck(people, signal, () => checkPersonAccounts(parts, signal))));
  for (const reader of parts.readers) {
    const what = `reading ${reader.stream.id}`;
    checks.push(
      ...(await runSetupCheck({ what, level: 'warning' }, signal, () => checkStream(parts, reader, what, signal))),
    );
  }
  checks.push(
    ...(await runSetupCheck({ what: 'API calls', level: 'warning' }, signal, () => checkUsage(parts, signal))),
  );
  checks.push(...(await runSetupCheck({ what: 'clock', level: 'warning' }, signal, () => checkClock(parts, signal))));
  return checks;
}

async function checkLogin(parts: CheckParts, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const { id, name } = await describeAccount(parts, signal);
  const expected = parts.settings.SALESFORCE_ORG_ID;
  // The last three of 18 characters are a checksum, which many pages of Salesforce omit.
  if (expected === undefined || expected.slice(0, 15) === id.slice(0, 15)) {
    return [{ what: 'login', level: 'ok', detail: `accepted by ${name}` }];
  }
  const detail = `this is ${name}, not the org ${expected} of SALESFORCE_ORG_ID`;
  return [{ what: 'login', level: 'problem', detail, fix: 'Correct SALESFORCE_LOGIN_URL or SALESFORCE_ORG_ID.' }];
}

async function checkStream(
  parts: CheckParts,
  reader: StreamReader,
  what: string,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const { stream, object } = reader;
  const unavailable = (await reader.checkAvailability(signal)) ?? (await refusedQuery(parts, reader, signal));
  const paths = activityProperties(parts.mapping, stream.id).filter(isDistinctPath);
  const fields = unavailable === null ? await checkPaths(parts, object, paths, signal) : [];
  if (unavailable === null) return [{ what, level: 'ok', detail: 'allowed' }, ...fields];
  const types = stream.activityTypes.join(', ');
  const consequence = types === '' ? '' : ` Until then Leadgrade cannot read these activities: ${types}.`;
  return [{ what, level: 'warning', detail: unavailable.reason, fix: `${unavailable.fix}${consequence}` }];
}

/** The mapping offers several standard fields of which an org has one; a path is meant. */
function isDistinctPath(path: string): boolean {
  return path.includes('.') || path.endsWith('__c');
}

/** Queries what a poll would: a user who may see the object may still not be able to query it. */
async function refusedQuery(parts: CheckParts, { stream, object }: StreamReader, signal: AbortSignal) {
  const query = {
    what: `reading ${stream.id}`,
    from: object,
    fields: [],
    includeDeleted: true,
    where: compare('SystemModstamp', '>', instant((await parts.http.now(signal)) - PROBED_MS)),
    orderBy: ['SystemModstamp', 'Id'],
    limit: 1,
  };
  try {
    await readRows(parts, query, signal);
    return null;
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'invalid') throw error;
    return { reason: error.message, fix: error.fix ?? 'Leadgrade tries again by itself.' };
  }
}

const PROBED_MS = 3_600_000;

const limitsSchema = z.looseObject({ DailyApiRequests: z.looseObject({ Max: z.number(), Remaining: z.number() }) });
/** The share of Leadgrade's own limit at which `doctor` warns. */
const WARN_SHARE = 0.8;

async function checkUsage({ http, callShare }: CheckParts, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const what = 'API calls';
  const { DailyApiRequests } = await http.call(
    { what: 'reading the limits', path: '/limits', responseSchema: limitsSchema },
    signal,
  );
  const { Max, Remaining } = DailyApiRequests;
  const used = Max - Remaining;
  const ownLimit = Math.floor(Max * callShare);
  const detail = `${used} of ${Max} API calls per 24 hours are used; Leadgrade stops at ${ownLimit}`;
  if (used < ownLimit * WARN_SHARE) return [{ what, level: 'ok', detail }];
  const fix =
    'Find out which other app calls the org so often, get more API calls from Salesforce, or lower calls_for_others in mappings/salesforce.yaml, the share that Leadgrade leaves to others.';
  return [{ what, level: 'warning', detail, fix }];
}

const MAX_SKEW_MS = 60_000;

async function checkClock({ http, clock }: CheckParts, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const serverTime = await http.now(signal);
  const skewMs = serverTime - clock.now().getTime();
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const detail = `Salesforce's clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} the clock of this machine`;
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return [{ what: 'clock', level: 'ok', detail }];
  const fix = "Synchronize this machine's clock by NTP; otherwise Salesforce rejects logins with a private key.";
  return [{ what: 'clock', level: 'warning', detail, fix }];
}

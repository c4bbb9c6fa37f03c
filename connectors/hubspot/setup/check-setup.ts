// What `leadgrade doctor` says of HubSpot: token, portal, properties, limits, clock, and what cannot be seen; each problem
// with its fix. Nothing is changed.

import type { Account, SetupCheck, WriteTarget } from '../../../src/crm/connector.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { runSetupCheck } from '../../kit/setup-check.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { usageAnswer } from '../http/daily-quota.ts';
import { accountAnswer } from '../http/responses.ts';
import type { StreamReader } from '../streams/stream.ts';
import { checkAccess } from './check-access.ts';
import { readQuota } from './property-quota.ts';
import { missingOptions, readProperties, wantedProperties } from './score-properties.ts';

interface CheckParts {
  readonly http: HubSpotHttp;
  readonly clock: Clock;
  readonly mapping: Mapping;
  readonly readers: readonly StreamReader[];
}

/** Never throws for what it finds; only when aborted. */
export async function checkSetup(
  parts: CheckParts,
  target: WriteTarget,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const account = await runSetupCheck({ what: 'token', level: 'problem' }, signal, () => checkAccount(parts, signal));
  // Without a token that is accepted every further check would say the same.
  if (account.some((check) => check.level === 'problem')) return account;
  return [
    ...account,
    ...(await checkAccess(parts, signal)),
    ...(await runSetupCheck({ what: 'contact properties', level: 'problem' }, signal, () =>
      checkProperties(parts, target, signal),
    )),
    ...checkClock(parts),
    ...(await runSetupCheck({ what: 'API limits', level: 'problem' }, signal, () => checkUsage(parts, signal))),
  ];
}

export async function describeAccount(http: HubSpotHttp, signal: AbortSignal): Promise<Account> {
  const account = await http.call(
    { what: 'reading the account', path: http.paths.accountDetails, answer: accountAnswer },
    signal,
  );
  const kind = account.accountType === undefined ? '' : ` (${account.accountType.toLowerCase()})`;
  return { id: account.portalId, name: `portal ${account.portalId}${kind}`, timezone: account.timeZone ?? null };
}

async function checkAccount({ http }: CheckParts, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const { name } = await describeAccount(http, signal);
  return [{ what: 'token', level: 'ok', detail: `accepted by ${name}` }];
}

async function checkProperties(
  { http, mapping }: CheckParts,
  target: WriteTarget,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const existing = await readProperties(http, signal);
  const setup = 'Run leadgrade setup.';
  let missing = 0;
  const ours = wantedProperties(mapping, target).map((wanted): SetupCheck => {
    const what = `contact property ${wanted.name}`;
    const there = existing.get(wanted.name);
    if (there === undefined) {
      missing += 1;
      return { what, level: 'problem', detail: 'does not exist', fix: setup, bySetup: true };
    }
    if (there.type !== wanted.type) {
      const fix = 'Give our field another property name under write_back in the mapping.';
      return { what, level: 'problem', detail: `has the type ${there.type}, not ${wanted.type}`, fix };
    }
    const options = missingOptions(wanted, there).map(({ value }) => value);
    if (options.length === 0) return { what, level: 'ok', detail: `${there.type}, as it should be` };
    return { what, level: 'problem', detail: `lacks the options ${options.join(', ')}`, fix: setup, bySetup: true };
  });
  return [...ours, ...unknownSources(mapping, new Set(existing.keys())), ...(await checkQuota(http, missing, signal))];
}

/** HubSpot leaves an unknown property out of its answers without an error: the field would be unknown forever. */
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
  const quota = await readQuota(http, signal);
  if (quota === null) return [];
  const detail = `${quota.usage} of ${quota.limit} custom contact properties are used`;
  const what = 'custom property quota';
  if (quota.limit - quota.usage >= missing) return [{ what, level: 'ok', detail }];
  const fix = 'Remove custom contact properties that nobody uses, or drop fields under write_back in the mapping.';
  return [{ what, level: 'problem', detail: `${detail}; ${missing} more are needed`, fix }];
}

const LARGEST_SKEW_MS = 60_000;

function checkClock({ http }: CheckParts): readonly SetupCheck[] {
  const skew = http.clockSkewMs();
  if (skew === null) return [];
  const detail = `HubSpot's clock is ${Math.round(Math.abs(skew) / 1000)} s ${skew < 0 ? 'behind' : 'ahead of'} ours`;
  if (Math.abs(skew) <= LARGEST_SKEW_MS) return [{ what: 'clock', level: 'ok', detail }];
  return [
    { what: 'clock', level: 'warning', detail, fix: "Set this machine's clock by NTP: webhooks are refused else." },
  ];
}

async function checkUsage({ http }: CheckParts, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const answer = await http.call(
    { what: 'reading the daily usage', path: http.paths.dailyUsage, answer: usageAnswer },
    signal,
  );
  return answer.results.flatMap(({ currentUsage, usageLimit }): SetupCheck[] => {
    if (currentUsage === undefined || usageLimit === undefined) return [];
    const detail = `${currentUsage} of ${usageLimit} calls are used today`;
    if (currentUsage < usageLimit * 0.8) return [{ what: 'API limits', level: 'ok', detail }];
    const fix = 'See which other app calls HubSpot so often, or give the portal a larger API limit.';
    return [{ what: 'API limits', level: 'warning', detail, fix }];
  });
}

// The HubSpot checks of `npx leadgrade doctor`: token, access, properties, clock and limits. Changes
// nothing.

import type { SetupCheck, WriteTarget } from '../../../src/crm/connector.ts';
import { runSetupCheck } from '../../kit/setup-check.ts';
import { dailyUsageSchema } from '../http/daily-quota.ts';
import type { HubSpotParts } from '../parts.ts';
import type { StreamReader } from '../streams/stream-reader.ts';
import { checkAccess } from './check-access.ts';
import { checkProperties } from './check-properties.ts';
import { describeAccount } from './describe-account.ts';

type CheckParts = Pick<HubSpotParts, 'http' | 'mapping'> & { readonly readers: readonly StreamReader[] };

/** Returns problems as checks; throws only when aborted. */
export async function checkSetup(
  parts: CheckParts,
  target: WriteTarget,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const account = await runSetupCheck({ what: 'token', level: 'problem' }, signal, () => checkToken(parts, signal));
  // With a refused token every further check would report the same problem.
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

async function checkToken({ http }: CheckParts, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const { name } = await describeAccount(http, signal);
  return [{ what: 'token', level: 'ok', detail: `accepted by ${name}` }];
}

const MAX_SKEW_MS = 60_000;

function checkClock({ http }: CheckParts): readonly SetupCheck[] {
  const skewMs = http.clockSkewMs();
  if (skewMs === null) return [];
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const detail = `HubSpot's clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} ours`;
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return [{ what: 'clock', level: 'ok', detail }];
  const fix = "Synchronize this machine's clock by NTP; otherwise webhooks are refused.";
  return [{ what: 'clock', level: 'warning', detail, fix }];
}

async function checkUsage({ http }: CheckParts, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const response = await http.call(
    { what: 'reading the daily usage', path: http.paths.dailyUsage, responseSchema: dailyUsageSchema },
    signal,
  );
  return response.results.flatMap(({ currentUsage, usageLimit }): SetupCheck[] => {
    if (currentUsage === undefined || usageLimit === undefined) return [];
    const detail = `${currentUsage} of ${usageLimit} calls are used today`;
    if (currentUsage < usageLimit * 0.8) return [{ what: 'API limits', level: 'ok', detail }];
    const fix = 'Find the other app that calls HubSpot so often, or buy a larger API limit for the portal.';
    return [{ what: 'API limits', level: 'warning', detail, fix }];
  });
}

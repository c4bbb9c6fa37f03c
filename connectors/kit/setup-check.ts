// One check of `npx leadgrade doctor` that reports its own failure as a finding.
import type { SetupCheck } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';

/**
 * Returns the findings of `check`, or one finding of this level with the ConnectorError that it
 * threw.
 * @throws the signal's reason when aborted; any other error, as it is a defect
 */
export async function runSetupCheck(
  { what, level }: Pick<SetupCheck, 'what' | 'level'>,
  signal: AbortSignal,
  check: () => Promise<readonly SetupCheck[]>,
): Promise<readonly SetupCheck[]> {
  try {
    return await check();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ConnectorError)) throw error;
    return [{ what, level, detail: error.message, fix: error.fix ?? 'Try again later.' }];
  }
}

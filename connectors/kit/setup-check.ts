// One thing that `doctor` looks at, whatever goes wrong with it.
import type { SetupCheck } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';

/** What `check` found, or what kept it from looking, as a check of this level. Throws only when aborted, or for a defect. */
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

// Tear-down where something is opened, so that no test has to close it.
import { onTestFinished, TestRunner } from 'vitest';

/**
 * Calls `end` after the test that runs; what was opened last ends first. Outside of a test, as in `beforeAll`, the caller ends it.
 * Returns `end`, which from now on is called once.
 */
export function endWithTest(end: () => unknown): () => Promise<void> {
  let ended: Promise<void> | undefined;
  const endOnce = () => {
    ended ??= (async () => void (await end()))();
    return ended;
  };
  if (TestRunner.getCurrentTest() !== undefined) onTestFinished(endOnce);
  return endOnce;
}

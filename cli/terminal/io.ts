// The parts of the process that a command may use: streams, environment, clock, exit code. Tests
// pass their own.
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../src/domain/clock.ts';

/**
 * 0 no errors, 1 done but some records failed, 2 bad usage or configuration, 3 could not run (a
 * service is down).
 */
export type ExitCode = 0 | 1 | 2 | 3;

export interface CommandIo {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  setExitCode(code: ExitCode): void;
}

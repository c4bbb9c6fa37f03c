// What a failure is about: one direction of the CRM, a part of it, or us.
import type { ReadFailure } from '../../src/crm/connector.ts';
import { ConnectorError, type ConnectorErrorKind } from '../../src/crm/connector-error.ts';
import { toItemFailure } from '../../src/store/refused-value.ts';

/**
 * Kinds that are about the whole CRM: they pause reading or writing. All others are about what was
 * read or written, which is set aside.
 */
const CRM_WIDE_KINDS: ReadonlySet<ConnectorErrorKind> = new Set([
  'auth',
  'rate-limited',
  'budget-spent',
  'configuration',
]);

export interface PartFailure {
  readonly failure: ReadFailure;
  /** The CRM may succeed by itself: 5xx, a time-out. */
  readonly isTemporary: boolean;
  readonly error: Error;
}

/**
 * The failure of what was read or written.
 * @returns null if the error is about the whole CRM, about our own store, or an abort: throw it
 */
export function toPartFailure(error: unknown): PartFailure | null {
  if (error instanceof ConnectorError) {
    if (CRM_WIDE_KINDS.has(error.kind)) return null;
    const failure = { code: error.code ?? error.kind, message: error.message, fix: error.fix ?? null };
    return { failure, isTemporary: error.kind === 'retry', error };
  }
  if (!(error instanceof Error)) return null;
  const failure = toItemFailure(error);
  return failure === null ? null : { failure, isTemporary: false, error };
}

// Reads the parts of a stream (forms, lists, marketing events) one after the other. A part that
// HubSpot refuses, or for which it fails, is set aside; the others are read.
import type { FailedPart, SetAsideParts, StreamPart } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { failedPart } from '../../kit/stream-parts.ts';
import { blameOf, isUp } from '../http/blame.ts';
import type { HubSpotHttp } from '../http/client.ts';

export interface PartReader {
  /** The pages of one part. None if it is set aside, or from the page on at which it fails. */
  read<T>(id: string, pages: () => AsyncIterable<T>): AsyncGenerator<T>;
  /** Another part that failed. One that is set aside is left to its next attempt. */
  fail(part: StreamPart, error: ConnectorError): void;
  /**
   * The failed and the recovered parts, after all parts were read.
   * @throws the first ConnectorError when several parts failed and no part was read: the failure
   *   then concerns the whole stream
   */
  end(): { readonly failed?: readonly FailedPart[]; readonly recovered?: readonly StreamPart[] };
}

export function createPartReader(
  http: HubSpotHttp,
  kind: string,
  setAside: SetAsideParts,
  signal: AbortSignal,
): PartReader {
  const failed: FailedPart[] = [];
  let firstError: ConnectorError | null = null;
  let isAnyRead = false;
  const fail = (part: StreamPart, error: ConnectorError) => {
    if (!setAside.isSkipped(part)) failed.push(failedPart(part.kind, part.id, error));
  };
  return {
    fail,
    async *read(id, pages) {
      if (setAside.isSkipped({ kind, id })) return;
      try {
        yield* pages();
        isAnyRead = true;
      } catch (error) {
        if (!(error instanceof ConnectorError) || !(await isOfPart(http, error, signal))) throw error;
        fail({ kind, id }, error);
        firstError ??= error;
      }
    },
    end() {
      if (firstError !== null && !isAnyRead && failed.length > 1) throw firstError;
      const isFailed = (part: StreamPart) => failed.some((each) => each.kind === part.kind && each.id === part.id);
      // A part that is no longer listed does not exist any more.
      const recovered = setAside.due.filter((part) => !isFailed(part));
      return { ...(failed.length > 0 ? { failed } : {}), ...(recovered.length > 0 ? { recovered } : {}) };
    },
  };
}

/**
 * Whether the failure of a call about one part concerns that part. HubSpot failing for it while
 * HubSpot responds to other calls does; a missing scope or an outage does not.
 */
export async function isOfPart(http: HubSpotHttp, error: ConnectorError, signal: AbortSignal): Promise<boolean> {
  if (error.kind === 'not-found' || error.kind === 'invalid') return true;
  return blameOf(error) === 'unclear' && (await isUp(http, signal));
}

/**
 * The pages of a stream. HubSpot failing for this stream while it responds to other calls is no
 * outage: the other streams must be read.
 * @throws ConnectorError `invalid` in that case
 */
export async function* withStreamFailures<T>(
  http: HubSpotHttp,
  pages: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  try {
    yield* pages;
  } catch (error) {
    if (!(error instanceof ConnectorError) || blameOf(error) !== 'unclear' || !(await isUp(http, signal))) throw error;
    const { message, code, cause } = error;
    const fix = 'Leadgrade tries it again by itself. If it lasts, report it to the support of HubSpot.';
    throw new ConnectorError({
      kind: 'invalid',
      crm: 'hubspot',
      message: `${message}; HubSpot responds to other calls`,
      ...(code === undefined ? {} : { code }),
      fix,
      cause,
    });
  }
}

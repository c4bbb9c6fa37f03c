// Verifies and parses the webhook requests of a CRM. Pure: a receiver stores nothing and calls no
// API, so a request is answered within milliseconds. An event only says that something must be read
// again; no value in it is stored.
import type { RecordRef } from '../domain/crm-changes.ts';
import type { Priority } from '../domain/priority.ts';

export interface WebhookRequest {
  readonly method: string;
  /**
   * The address that the CRM was given: PUBLIC_URL with the path and query of the request. The Host
   * header is ignored.
   */
  readonly url: string;
  /** The part of the path after `/webhooks/<crm>/`; '' = none. */
  readonly pathSuffix: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes as sent, decompressed. */
  readonly body: Buffer;
  readonly receivedAt: Date;
}

export type WebhookSubject =
  /** A record must be read again: created, changed, deleted, restored, merged or linked. */
  | { readonly kind: 'record'; readonly ref: RecordRef }
  /**
   * An item of a stream, such as a meeting or a company. Reading it, or its stream, finds the
   * records that it belongs to.
   */
  | { readonly kind: 'item'; readonly stream: string; readonly id: string }
  /** The CRM has erased a person; Leadgrade does the same. */
  | { readonly kind: 'erasure'; readonly ref: RecordRef };

export interface WebhookEvent {
  /**
   * Equal for all deliveries of one event, and unique among the events of the CRM. Only its hash is
   * stored.
   */
  readonly key: string;
  /** The CRM's ID of the account that sent the event (`Account.id` of `describeAccount`). */
  readonly account: string;
  readonly subject: WebhookSubject;
  readonly priority: Priority;
  /** Epoch ms, equal in each delivery; null = the CRM does not report it. */
  readonly occurredAt: number | null;
}

/**
 * A verified part of a body that could not be parsed. It is stored unchanged, so that no event is
 * lost.
 */
export interface UnparsedPart {
  /** The part of the body, with everything that `reparse` needs of the rest. */
  readonly text: string;
  /** The defect, without a quote of the text. */
  readonly reason: string;
  /** The CRM's ID of the account that sent the part, if it can be read. */
  readonly account?: string | undefined;
}

export interface WebhookResponse {
  readonly contentType: string;
  readonly body: string;
}

/**
 * The request is not proven to come from the CRM. It is answered with `status`, and nothing is
 * stored.
 */
export interface RefusedWebhook {
  readonly kind: 'refused';
  readonly status: 401 | 404;
  /** One of a fixed set of values, used as a metric label. */
  readonly reason: string;
  readonly detail: string;
}

export interface AcceptedWebhook {
  readonly kind: 'accepted';
  readonly events: readonly WebhookEvent[];
  readonly unparsed: readonly UnparsedPart[];
  /** The number of irrelevant events (our own writes, changes of our own fields), by reason. */
  readonly ignored: Readonly<Record<string, number>>;
  /** The response that the CRM expects once everything is stored; absent = 200 without a body. */
  readonly response?: WebhookResponse;
}

export type WebhookResult = RefusedWebhook | AcceptedWebhook;

export interface WebhookReceiver {
  /** The signature covers the address: without PUBLIC_URL no request can be verified. */
  readonly needsPublicUrl: boolean;
  /** A longer body is refused (413) before it is read. */
  readonly maxBytes: number;
  /**
   * Checks the headers before the body is read, so that a request without a signature cannot make
   * the server read megabytes. `body` is empty. Null: read the body.
   */
  preCheck(request: WebhookRequest): RefusedWebhook | null;
  /** Never throws, whatever the request contains. */
  parse(request: WebhookRequest): WebhookResult;
  /** Parses a stored, already verified part again: a later version may understand it. */
  reparse(part: string, receivedAt: Date): Pick<AcceptedWebhook, 'events' | 'unparsed'>;
}

/** An event in the form in which the inbox stores it. */
export function toInboxEvent({ key, account, subject, priority, occurredAt }: WebhookEvent): {
  readonly key: string;
  readonly account: string;
  readonly kind: WebhookSubject['kind'];
  readonly object: string;
  readonly id: string;
  readonly priority: Priority;
  readonly occurredAt: number | null;
} {
  const about =
    subject.kind === 'item'
      ? { object: subject.stream, id: subject.id }
      : { object: subject.ref.object, id: subject.ref.id };
  return { key, account, kind: subject.kind, ...about, priority, occurredAt };
}

// What a CRM sends by itself: how it is verified and read at the door. Pure: a receiver stores nothing and asks nobody, so that
// a request is answered in milliseconds. An event is only a fix that something is to be read again; no value in it is kept.
import type { RecordRef } from '../domain/crm-changes.ts';
import type { Priority } from '../domain/priority.ts';

export interface WebhookRequest {
  readonly method: string;
  /** Where the CRM was told to send it: PUBLIC_URL with the path and query of the request; the Host header has no say. */
  readonly url: string;
  /** What stands in the path behind `/webhooks/<crm>/`; '' = nothing. */
  readonly rest: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it was sent, decompressed. */
  readonly body: Buffer;
  readonly receivedAt: Date;
}

/** What an event is about. */
export type WebhookSubject =
  /** A record (of a person) is to be read again: created, changed, deleted, restored, merged, linked. */
  | { readonly kind: 'record'; readonly ref: RecordRef }
  /** An item of a stream, a meeting or a company: who it concerns is found by reading it, or its stream. */
  | { readonly kind: 'item'; readonly stream: string; readonly id: string }
  /** The CRM has erased a person: so do we. */
  | { readonly kind: 'erasure'; readonly ref: RecordRef };

export interface WebhookEvent {
  /** The same for each delivery of one event, and for no other event of the CRM. Only its hash is kept. */
  readonly key: string;
  /** The CRM's id of the account that it is from (Account.id of describeAccount). */
  readonly account: string;
  readonly subject: WebhookSubject;
  readonly priority: Priority;
  /** Epoch ms, as the CRM tells it with each delivery; null = it does not. */
  readonly occurredAt: number | null;
}

/** Verified, but not understood: kept as it is, so that nothing is lost. */
export interface UnparsedPart {
  /** The part of the body concerned, with all that `readAgain` needs to know of the rest. */
  readonly text: string;
  /** What is wrong with it, without quoting it. */
  readonly reason: string;
  /** The CRM's id of the account that it is from, as far as that can be read. */
  readonly account?: string | undefined;
}

export interface WebhookAnswer {
  readonly contentType: string;
  readonly body: string;
}

export type WebhookResult =
  /** Not from the CRM, as far as we can tell: answered with `status`, nothing is stored. `reason` is one of few words, for counting. */
  | { readonly kind: 'refused'; readonly status: 401 | 404; readonly reason: string; readonly detail: string }
  | {
      readonly kind: 'accepted';
      readonly events: readonly WebhookEvent[];
      readonly unparsed: readonly UnparsedPart[];
      /** Events that say nothing to us (our own writes, fields of ours), by reason. */
      readonly ignored: Readonly<Record<string, number>>;
      /** What the CRM wants to hear once all of it is stored; absent: 200 without a body. */
      readonly answer?: WebhookAnswer;
    };

export interface WebhookReceiver {
  /** What tells the CRM from others covers the address: without PUBLIC_URL nothing can be verified. */
  readonly needsPublicUrl: boolean;
  /** A body that is longer is refused (413) before it is read. */
  readonly maxBytes: number;
  /**
   * What can be told before the body is read: nobody who has no signature makes us read megabytes. Null: read it.
   * `body` is empty.
   */
  preCheck(request: WebhookRequest): Extract<WebhookResult, { kind: 'refused' }> | null;
  /** Never throws for what was sent. */
  parse(request: WebhookRequest): WebhookResult;
  /** Reads a part that was kept as not understood, and was verified then: a later version may understand it. */
  reparse(part: string, receivedAt: Date): Pick<Extract<WebhookResult, { kind: 'accepted' }>, 'events' | 'unparsed'>;
}

/** An event as the inbox keeps it. */
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

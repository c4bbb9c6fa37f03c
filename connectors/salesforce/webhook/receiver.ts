// Receives the requests to /webhooks/salesforce/<token>: outbound messages, and the HTTP callouts
// of flows. Salesforce signs neither, and its client certificate is the same for all orgs, so a
// secret token in the URL authenticates the org. The receiver makes no API call and no query.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_security.htm
import { secretsEqual } from '../../../src/crm/constant-time-equal.ts';
import type {
  RefusedWebhook,
  UnparsedPart,
  WebhookReceiver,
  WebhookRequest,
  WebhookResponse,
  WebhookResult,
} from '../../../src/crm/webhook-receiver.ts';
import { parseFlowCallout } from './flow-callout.ts';
import { fullOrgId } from './full-id.ts';
import { type MessageResult, type ReceiverContext, toWebhookEvents } from './named-records.ts';
import { ACK, parseOutboundMessage, withoutSession } from './outbound-message.ts';

// A message has up to 100 notifications. A notification with only the ID has about 300 characters;
// this allows 10,000 bytes each, in case an admin selected more fields than needed. Long text
// fields would exceed it: docs/install-salesforce.md says to select the ID.
const MAX_BYTES = 1_000_000;

/**
 * Replaces the token in the URL of callouts that send it as a header (a Named Credential keeps it
 * out of the flow).
 */
const HEADER_SUFFIX = 'flow';
const TOKEN_HEADER = 'x-leadgrade-token';

export interface ReceiverSettings {
  readonly token: string;
  /** The only allowed org, with 15 or 18 characters; undefined = any org that knows the token. */
  readonly orgId: string | undefined;
  /** IDs of the streams that the mapping reads. */
  readonly streams: ReadonlySet<string>;
}

export function createReceiver({ token, orgId, streams }: ReceiverSettings): WebhookReceiver {
  const context: ReceiverContext = { streams, orgId: orgId === undefined ? null : fullOrgId(orgId) };
  const checkToken = ({ pathSuffix, headers }: WebhookRequest): RefusedWebhook | null => {
    const given = pathSuffix === HEADER_SUFFIX ? (headers[TOKEN_HEADER] ?? '') : pathSuffix;
    return secretsEqual(given, token) ? null : WRONG_TOKEN;
  };
  return {
    needsPublicUrl: false,
    maxBytes: MAX_BYTES,
    preCheck: checkToken,
    parse: (request) => checkToken(request) ?? parseRequest(request, context),
    reparse: (part, receivedAt) => {
      const format = /^\s*[[{]/.test(part) ? JSON_FORMAT : SOAP_FORMAT;
      const message = format.parse(part, receivedAt.getTime(), context.orgId);
      return message.kind === 'message'
        ? toWebhookEvents(message, context)
        : { events: [], unparsed: [toUnparsedPart(message, part)] };
    },
  };
}

const WRONG_TOKEN: RefusedWebhook = {
  kind: 'refused',
  status: 404,
  reason: 'bad_token',
  detail:
    'The token does not match SALESFORCE_WEBHOOK_TOKEN. If every request is refused, check the end of the URL of the outbound message ' +
    `(/webhooks/salesforce/<token>), or the header ${TOKEN_HEADER} of a callout to /webhooks/salesforce/${HEADER_SUFFIX}.`,
};

const DOCUMENT_TYPE: RefusedWebhook = {
  kind: 'refused',
  status: 401,
  reason: 'document_type',
  detail:
    'The XML declares a document type or an entity, which Salesforce never does. Another sender may know the token: replace it.',
};

function parseRequest({ headers, body, receivedAt }: WebhookRequest, context: ReceiverContext): WebhookResult {
  const isJson = /^application\/(?:[\w.+-]+\+)?json\b/i.test(headers['content-type'] ?? '');
  const format = isJson ? JSON_FORMAT : SOAP_FORMAT;
  const text = decodeUtf8(body);
  if (text === null) return acceptUnparsed(format, { text: body.toString('utf8'), reason: 'The body is not UTF-8.' });
  const message = format.parse(text, receivedAt.getTime(), context.orgId);
  if (message.kind === 'document-type') return DOCUMENT_TYPE;
  // Salesforce would only repeat a body that cannot be parsed, so it is stored and acknowledged.
  if (message.kind === 'unparsed') return acceptUnparsed(format, toUnparsedPart(message, text));
  const { unparsed, ...result } = toWebhookEvents(message, context);
  return { kind: 'accepted', ...result, unparsed: unparsed.map(toStorable), response: format.response };
}

interface Format {
  readonly parse: (text: string, receivedAt: number, orgId: string | null) => MessageResult;
  readonly response: WebhookResponse;
}

const SOAP_FORMAT: Format = {
  parse: parseOutboundMessage,
  response: { contentType: 'text/xml; charset=utf-8', body: ACK },
};
const JSON_FORMAT: Format = {
  parse: parseFlowCallout,
  response: { contentType: 'application/json', body: '{"ok":true}' },
};

/** The text without a byte order mark; null if the body is not UTF-8. */
function decodeUtf8(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return null;
  }
}

function acceptUnparsed({ response }: Format, part: UnparsedPart): WebhookResult {
  return { kind: 'accepted', events: [], unparsed: [toStorable(part)], ignored: {}, response };
}

function toUnparsedPart(message: Exclude<MessageResult, { kind: 'message' }>, text: string): UnparsedPart {
  if (message.kind === 'document-type') return { text, reason: 'The XML declares a document type.' };
  const { reason, account } = message;
  return { text, reason, account };
}

/** Removes session IDs, and NUL characters, which a Postgres text cannot contain. */
function toStorable(part: UnparsedPart): UnparsedPart {
  return { ...part, text: withoutSession(part.text).replaceAll('\0', '\u{fffd}') };
}

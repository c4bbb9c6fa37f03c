// What Salesforce sends to /webhooks/salesforce/<token>: outbound messages, and the HTTP callouts of flows. Salesforce signs neither, and the
// certificate that it shows is the same for all orgs: what tells ours is a token that nobody can guess. Nothing is looked up.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_security.htm
import { secretsEqual } from '../../../src/crm/constant-time-equal.ts';
import type {
  UnparsedPart,
  WebhookAnswer,
  WebhookReceiver,
  WebhookRequest,
  WebhookResult,
} from '../../../src/crm/webhook-receiver.ts';
import { readCallout } from './flow-callout.ts';
import { fullOrgId } from './full-id.ts';
import { type Reading, type ReadMessage, readNamed } from './named-records.ts';
import { ACK, readMessage, withoutSession } from './outbound-message.ts';

// A message has up to 100 notifications. With the id alone each has some 300 characters; this leaves 10,000 bytes to each, for an admin
// who selected more fields than are needed. A long text of every record would not fit: docs/install-salesforce.md says to select the id.
const MOST_BYTES = 1_000_000;

/** In the place of the token, for callouts that bring it in a header (a Named Credential keeps it out of the flow). */
const BY_HEADER = 'flow';
const HEADER = 'x-leadgrade-token';

type Refused = Extract<WebhookResult, { kind: 'refused' }>;

export interface ReceiverSettings {
  readonly token: string;
  /** The org that alone may send, with 15 or 18 characters; undefined = whoever has the token. */
  readonly orgId: string | undefined;
  /** Ids of the streams that the mapping reads. */
  readonly streams: ReadonlySet<string>;
}

export function createReceiver({ token, orgId, streams }: ReceiverSettings): WebhookReceiver {
  const reading: Reading = { streams, orgId: orgId === undefined ? null : fullOrgId(orgId) };
  const refuse = ({ rest, headers }: WebhookRequest): Refused | null => {
    const given = rest === BY_HEADER ? (headers[HEADER] ?? '') : rest;
    return secretsEqual(given, token) ? null : NOT_HERE;
  };
  return {
    needsPublicUrl: false,
    maxBytes: MOST_BYTES,
    preCheck: refuse,
    parse: (request) => refuse(request) ?? read(request, reading),
    reparse: (part, receivedAt) => {
      const form = /^\s*[[{]/.test(part) ? JSON_FORM : SOAP_FORM;
      const message = form.read(part, receivedAt.getTime(), reading.orgId);
      return message.kind === 'message'
        ? readNamed(message, reading)
        : { events: [], unparsed: [unparsedPart(message, part)] };
    },
  };
}

const NOT_HERE: Refused = {
  kind: 'refused',
  status: 404,
  reason: 'bad-token',
  detail:
    'The token is not the one of SALESFORCE_WEBHOOK_TOKEN. If this is said of every request: it stands at the end of the address that the ' +
    `outbound message has (/webhooks/salesforce/<token>); a callout to /webhooks/salesforce/${BY_HEADER} has it in the header ${HEADER}.`,
};

const DECLARES: Refused = {
  kind: 'refused',
  status: 401,
  reason: 'document-type',
  detail:
    'The XML declares a document type or an entity, which Salesforce never does. Find out who else knows the token.',
};

function read({ headers, body, receivedAt }: WebhookRequest, reading: Reading): WebhookResult {
  const form = /^application\/(?:[\w.+-]+\+)?json\b/i.test(headers['content-type'] ?? '') ? JSON_FORM : SOAP_FORM;
  const text = textOf(body);
  if (text === null) return whole(form, { text: body.toString('utf8'), reason: 'The body is not UTF-8.' });
  const message = form.read(text, receivedAt.getTime(), reading.orgId);
  if (message.kind === 'declares') return DECLARES;
  // What we cannot read, Salesforce would only repeat: it is kept, and need not come again.
  if (message.kind === 'unparsed') return whole(form, unparsedPart(message, text));
  const { unparsed, ...read } = readNamed(message, reading);
  return { kind: 'accepted', ...read, unparsed: unparsed.map(keepable), answer: form.answer };
}

interface Form {
  readonly read: (text: string, receivedAt: number, orgId: string | null) => ReadMessage;
  readonly answer: WebhookAnswer;
}

const SOAP_FORM: Form = { read: readMessage, answer: { contentType: 'text/xml; charset=utf-8', body: ACK } };
const JSON_FORM: Form = { read: readCallout, answer: { contentType: 'application/json', body: '{"ok":true}' } };

/** Without a byte order mark; null: it is not UTF-8. */
function textOf(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return null;
  }
}

function whole({ answer }: Form, part: UnparsedPart): WebhookResult {
  return { kind: 'accepted', events: [], unparsed: [keepable(part)], ignored: {}, answer };
}

function unparsedPart(message: Exclude<ReadMessage, { kind: 'message' }>, text: string): UnparsedPart {
  if (message.kind === 'declares') return { text, reason: 'The XML declares a document type.' };
  const { reason, account } = message;
  return { text, reason, account };
}

/** Without the id of a session, and without the zero character, which Postgres keeps in no text. */
function keepable(part: UnparsedPart): UnparsedPart {
  return { ...part, text: withoutSession(part.text).replaceAll('\0', '\u{fffd}') };
}

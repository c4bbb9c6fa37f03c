// Login with the client credentials of an External Client App, or with an assertion signed by its
// private key (JWT bearer). It never uses a user's name and password.
// https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm
import { Connection, OAuth2 } from 'jsforce';
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { redactPersonalData, safeCode } from '../../kit/redact.ts';
import { retryAfterMs } from '../../kit/retry-after.ts';
import { singleFlight } from '../../kit/single-flight.ts';
import { signedAssertion } from './jwt-assertion.ts';
import { AbortableTransport, type RawResponse, withTimeout } from './send-request.ts';
import type { SalesforceSettings } from './settings.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

// The token response names the org and the user by a URL that ends in their IDs.
const IDENTITY = /\/id\/(?<org>\w{15,18})\/(?<user>\w{15,18})$/;

const tokenSchema = z.looseObject({
  access_token: z.string().min(1),
  instance_url: z.url(),
  id: z.string().regex(IDENTITY),
});

interface LoginParts {
  readonly settings: SalesforceSettings;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Called with the headers of every login response. */
  onResponseHeaders(headers: Headers): void;
}

export interface Session {
  /**
   * A connection with a token. Concurrent calls share one login.
   * @throws ConnectorError `auth` when Salesforce rejects the app or the user, `retry` for a
   * temporary problem
   */
  connection(signal: AbortSignal): Promise<Connection>;
  /**
   * Salesforce rejected the token of this connection. The next call logs in, unless another call
   * already did.
   */
  invalidate(rejected: Connection): void;
}

export function createSession(parts: LoginParts): Session {
  let current: Connection | null = null;
  const login = singleFlight(async (signal) => {
    current = await logIn(parts, signal);
    return current;
  });
  return {
    connection: async (signal) => current ?? (await login(signal)),
    invalidate: (rejected) => {
      if (current === rejected) current = null;
    },
  };
}

/** The connection never renews its token by itself. */
async function logIn(
  { settings, clock, timeoutMs, onResponseHeaders }: LoginParts,
  signal: AbortSignal,
): Promise<Connection> {
  const loginUrl = settings.SALESFORCE_LOGIN_URL.replace(/\/+$/, '');
  const oauth2 = new OAuth2({ loginUrl, clientId: settings.SALESFORCE_CLIENT_ID });
  const now = clock.now();
  const form = grantOf(settings, loginUrl, now);
  const response = await withTimeout('logging in', timeoutMs, signal, (timeoutSignal) => {
    const transport = new AbortableTransport(timeoutSignal);
    oauth2._transport = transport;
    return transport.responseTo(() => oauth2.requestToken(form));
  });
  onResponseHeaders(response.headers);
  if (response.status >= 400) throw refusedLoginError(response, now);
  const token = tokenSchema.safeParse(parseJson(response.text));
  if (!token.success || !isOfSalesforce(token.data.instance_url, loginUrl)) throw unexpectedResponseError();
  const connection = new Connection({
    version: settings.SALESFORCE_API_VERSION,
    instanceUrl: token.data.instance_url.replace(/\/+$/, ''),
    accessToken: token.data.access_token,
    // Shown as the client in the org's logs and change events.
    callOptions: { client: 'Leadgrade' },
  });
  const { org = '', user = '' } = IDENTITY.exec(token.data.id)?.groups ?? {};
  connection.userInfo = { id: user, organizationId: org, url: token.data.id };
  return connection;
}

const DOMAINS = ['salesforce.com', 'force.com', 'cloudforce.com', 'salesforce.mil', 'sfcrmproducts.cn'];

/**
 * Whether the token may be sent there: to the server that gave it, or by HTTPS to a domain of
 * Salesforce. A login server that was taken over must not choose the address of our calls.
 */
function isOfSalesforce(instanceUrl: string, loginUrl: string): boolean {
  const [instance, login] = [new URL(instanceUrl), new URL(loginUrl)];
  if (instance.origin === login.origin) return true;
  return instance.protocol === 'https:' && DOMAINS.some((domain) => instance.hostname.endsWith(`.${domain}`));
}

function grantOf(settings: SalesforceSettings, loginUrl: string, now: Date) {
  const { SALESFORCE_CLIENT_ID, SALESFORCE_CLIENT_SECRET, SALESFORCE_PRIVATE_KEY, SALESFORCE_USERNAME } = settings;
  if (SALESFORCE_PRIVATE_KEY === undefined || SALESFORCE_USERNAME === undefined) {
    return { grant_type: 'client_credentials', client_secret: SALESFORCE_CLIENT_SECRET ?? '' };
  }
  const signer = {
    clientId: SALESFORCE_CLIENT_ID,
    username: SALESFORCE_USERNAME,
    privateKey: SALESFORCE_PRIVATE_KEY,
    loginUrl,
  };
  return { grant_type: JWT_BEARER, assertion: signedAssertion(signer, now) };
}

const CREDENTIALS =
  'Check SALESFORCE_LOGIN_URL (the My Domain URL), SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET (or the private key and its user).';

/** Fixes by a pattern of the `error_description` that they repair. */
const FIXES: readonly (readonly [description: RegExp, fix: string])[] = [
  [/no client credentials user/i, "Name the integration user under Run As in the app's policies."],
  [
    /hasn't approved/i,
    "Pre-authorize the integration user in the app's policies (a permission set), or check SALESFORCE_USERNAME.",
  ],
  [/audience/i, 'Set SALESFORCE_LOGIN_URL to the My Domain URL of the org.'],
  [
    /expired authorization code|invalid assertion/i,
    "Check that the app has the certificate of this private key, and this machine's clock.",
  ],
];

const refusalSchema = z.looseObject({ error: z.string(), error_description: z.string().default('') });
const TEMPORARY: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable', 'rate_limit_exceeded']);

/**
 * Reads OAuth's `error` and `error_description`; a server that is busy or down sends neither, so
 * the status is used.
 */
function refusedLoginError({ status, headers, text }: RawResponse, now: Date): ConnectorError {
  const refusal = refusalSchema.safeParse(parseJson(text));
  const { error, error_description: description } = refusal.data ?? { error: `HTTP_${status}`, error_description: '' };
  const isTemporary = status === 408 || status === 429 || status >= 500 || TEMPORARY.has(error);
  const waitMs = isTemporary ? retryAfterMs(headers, now) : null;
  const code = safeCode(error) ?? `HTTP_${status}`;
  return new ConnectorError({
    kind: isTemporary ? 'retry' : 'auth',
    crm: 'salesforce',
    message: `Salesforce refused the login: ${code}`,
    reason: redactPersonalData(description) || 'no reason given',
    code,
    ...(isTemporary ? {} : { fix: FIXES.find(([pattern]) => pattern.test(description))?.[1] ?? CREDENTIALS }),
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function unexpectedResponseError(): ConnectorError {
  const message = 'The login response does not come from a Salesforce org';
  return new ConnectorError({
    kind: 'auth',
    crm: 'salesforce',
    message,
    code: 'UNEXPECTED_RESPONSE',
    fix: CREDENTIALS,
  });
}

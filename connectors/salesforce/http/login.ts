// Logging in: client credentials of an External Client App, or an assertion signed with its private key (JWT bearer). Never a
// user's name and password: https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm
import { Connection, OAuth2 } from 'jsforce';
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { redactPersonalData } from '../../kit/redact.ts';
import { retryAfterMs } from '../../kit/retry-after.ts';
import { singleFlight } from '../../kit/single-flight.ts';
import { signedAssertion } from './jwt-assertion.ts';
import { AbortableTransport, type RawAnswer, withinTime } from './send-request.ts';
import type { SalesforceSettings } from './settings.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

// Who logged in is told by an address that ends in the org's id and the user's.
const IDENTITY = /\/id\/(?<org>\w{15,18})\/(?<user>\w{15,18})$/;

const tokenAnswer = z.looseObject({
  access_token: z.string().min(1),
  instance_url: z.url(),
  id: z.string().regex(IDENTITY),
});

interface LoginParts {
  readonly settings: SalesforceSettings;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Hears the headers of every answer to a login. */
  heard(headers: Headers): void;
}

export interface Session {
  /**
   * A connection with a token; one login for all who wait for it.
   * @throws ConnectorError `auth` when the app or the user is not accepted, `retry` for passing trouble
   */
  connection(signal: AbortSignal): Promise<Connection>;
  /** Its token was refused: whoever asks next logs in, unless somebody has done so already. */
  drop(refused: Connection): void;
}

export function createSession(parts: LoginParts): Session {
  let held: Connection | null = null;
  const login = singleFlight(async (signal) => {
    held = await logIn(parts, signal);
    return held;
  });
  return {
    connection: async (signal) => held ?? (await login(signal)),
    drop: (refused) => {
      if (held === refused) held = null;
    },
  };
}

/** It never logs in again by itself. */
async function logIn({ settings, clock, timeoutMs, heard }: LoginParts, signal: AbortSignal): Promise<Connection> {
  const loginUrl = settings.SALESFORCE_LOGIN_URL.replace(/\/+$/, '');
  const oauth2 = new OAuth2({ loginUrl, clientId: settings.SALESFORCE_CLIENT_ID });
  const now = clock.now();
  const form = grantOf(settings, loginUrl, now);
  const answer = await withinTime('logging in', timeoutMs, signal, (within) => {
    const transport = new AbortableTransport(within);
    oauth2._transport = transport;
    return transport.answerTo(() => oauth2.requestToken(form));
  });
  heard(answer.headers);
  if (answer.status >= 400) throw refusedLogin(answer, now);
  const token = tokenAnswer.safeParse(jsonOf(answer.text));
  if (!token.success) throw unreadable();
  const connection = new Connection({
    version: settings.SALESFORCE_API_VERSION,
    instanceUrl: token.data.instance_url.replace(/\/+$/, ''),
    accessToken: token.data.access_token,
    // In the org's logs and change events: who asked.
    callOptions: { client: 'Leadgrade' },
  });
  const { org = '', user = '' } = IDENTITY.exec(token.data.id)?.groups ?? {};
  connection.userInfo = { id: user, organizationId: org, url: token.data.id };
  return connection;
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

/** What mends a refusal, by the words that it is known by. */
const FIXES: readonly (readonly [said: RegExp, fix: string])[] = [
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
const PASSING: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable', 'rate_limit_exceeded']);

/** In OAuth's words; a server that is busy or down has none of them. */
function refusedLogin({ status, headers, text }: RawAnswer, now: Date): ConnectorError {
  const refusal = refusalSchema.safeParse(jsonOf(text));
  const { error, error_description: said } = refusal.data ?? { error: `HTTP_${status}`, error_description: '' };
  const isPassing = status === 408 || status === 429 || status >= 500 || PASSING.has(error);
  const wait = isPassing ? retryAfterMs(headers, now) : null;
  return new ConnectorError({
    kind: isPassing ? 'retry' : 'auth',
    crm: 'salesforce',
    message: `Salesforce refused the login: ${redactPersonalData([error, said].filter((part) => part !== '').join(', '))}`,
    code: error,
    ...(isPassing ? {} : { fix: FIXES.find(([words]) => words.test(said))?.[1] ?? CREDENTIALS }),
    ...(wait === null ? {} : { retryAfterMs: wait }),
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function unreadable(): ConnectorError {
  const message = 'The answer to the login is not the one of a Salesforce org';
  return new ConnectorError({ kind: 'auth', crm: 'salesforce', message, code: 'UNEXPECTED_ANSWER', fix: CREDENTIALS });
}

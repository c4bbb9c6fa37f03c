// Logging in: client credentials of an External Client App, or an assertion signed with its private key (JWT bearer). Never a
// user's name and password: https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { Connection, OAuth2 } from 'jsforce';
import { z } from 'zod';
import type { Clock } from '../../src/domain/clock.ts';
import { ConnectorError } from '../connector-error.ts';
import { withoutPersonalData } from '../without-personal-data.ts';
import { withinTime } from './send-request.ts';
import type { SalesforceSettings } from './settings.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
// Sources say that an assertion may last three or five minutes.
const ASSERTION_SECONDS = 180;

const tokenAnswer = z.looseObject({ access_token: z.string().min(1), instance_url: z.url() });

interface LoginParts {
  readonly settings: SalesforceSettings;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * A connection with a token of its own; it never logs in again by itself.
 * @throws ConnectorError `auth` when the app or the user is not accepted, `retry` for passing trouble
 */
export async function logIn({ settings, clock, timeoutMs }: LoginParts, signal: AbortSignal): Promise<Connection> {
  const loginUrl = settings.SALESFORCE_LOGIN_URL.replace(/\/+$/, '');
  const oauth2 = new OAuth2({ loginUrl, clientId: settings.SALESFORCE_CLIENT_ID });
  const form = grantOf(settings, loginUrl, clock.now());
  const answer = await withinTime('logging in', timeoutMs, signal, async () => {
    try {
      return await oauth2.requestToken(form);
    } catch (error) {
      throw refusedLogin(error);
    }
  });
  const token = tokenAnswer.safeParse(answer);
  if (!token.success) throw unreadable();
  return new Connection({
    version: settings.SALESFORCE_API_VERSION,
    instanceUrl: token.data.instance_url.replace(/\/+$/, ''),
    accessToken: token.data.access_token,
    // In the org's logs and change events: who asked.
    callOptions: { client: 'Leadgrade' },
  });
}

function grantOf(settings: SalesforceSettings, loginUrl: string, now: Date) {
  const { SALESFORCE_CLIENT_ID, SALESFORCE_CLIENT_SECRET, SALESFORCE_PRIVATE_KEY, SALESFORCE_USERNAME } = settings;
  if (SALESFORCE_PRIVATE_KEY === undefined || SALESFORCE_USERNAME === undefined) {
    return { grant_type: 'client_credentials', client_secret: SALESFORCE_CLIENT_SECRET ?? '' };
  }
  const claims = {
    iss: SALESFORCE_CLIENT_ID,
    sub: SALESFORCE_USERNAME,
    aud: audienceOf(loginUrl),
    exp: Math.floor(now.getTime() / 1000) + ASSERTION_SECONDS,
  };
  return { grant_type: JWT_BEARER, assertion: signed(claims, keyOf(SALESFORCE_PRIVATE_KEY)) };
}

/** The login server of the org's kind; anything else that is asked for a token is meant itself. */
function audienceOf(loginUrl: string): string {
  const { hostname } = new URL(loginUrl);
  if (!hostname.endsWith('.salesforce.com')) return loginUrl;
  const isSandbox = hostname === 'test.salesforce.com' || hostname.endsWith('.sandbox.my.salesforce.com');
  return `https://${isSandbox ? 'test' : 'login'}.salesforce.com`;
}

function keyOf(pem: string): KeyObject {
  try {
    // Some ways to set a variable keep line ends as \n.
    return createPrivateKey(pem.replaceAll('\\n', '\n'));
  } catch {
    throw new ConnectorError({
      kind: 'auth',
      crm: 'salesforce',
      message: 'SALESFORCE_PRIVATE_KEY cannot be read as a private key',
      code: 'PRIVATE_KEY',
      fix: 'Set SALESFORCE_PRIVATE_KEY_FILE to the PEM file whose certificate the External Client App has.',
    });
  }
}

function signed(claims: object, key: KeyObject): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part({ alg: 'RS256' })}.${part(claims)}`;
  return `${content}.${sign('RSA-SHA256', Buffer.from(content), key).toString('base64url')}`;
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

/** jsforce throws OAuth's own words: its error code as the name, the description as the message. */
function refusedLogin(error: unknown): unknown {
  if (!(error instanceof Error) || !/^[a-z_]+$|^ERROR_HTTP_\d+$/.test(error.name)) return error;
  const status = Number(/^ERROR_HTTP_(\d+)$/.exec(error.name)?.[1] ?? Number.NaN);
  const isPassing =
    status === 429 || status >= 500 || error.name === 'server_error' || error.name === 'temporarily_unavailable';
  const said = Number.isNaN(status) ? `${error.name}, ${withoutPersonalData(error.message)}` : String(status);
  return new ConnectorError({
    kind: isPassing ? 'retry' : 'auth',
    crm: 'salesforce',
    message: `Salesforce refused the login: ${said}`,
    code: error.name,
    ...(isPassing ? {} : { fix: FIXES.find(([words]) => words.test(error.message))?.[1] ?? CREDENTIALS }),
  });
}

function unreadable(): ConnectorError {
  const message = 'The answer to the login is not the one of a Salesforce org';
  return new ConnectorError({ kind: 'auth', crm: 'salesforce', message, code: 'UNEXPECTED_ANSWER', fix: CREDENTIALS });
}

// POST /services/oauth2/token: client credentials, and a signed assertion (JWT bearer).
// https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm
// https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { z } from 'zod';
import type { Reply } from '../../http/reply.ts';
import type { Org } from '../org/org.ts';
import { textOf } from '../records/record-table.ts';
import type { Sessions } from './sessions.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
// Sources disagree: three or five minutes. The stricter is used.
const MAX_ASSERTION_S = 180;

/** The External Client App with which the product logs in. */
export interface ClientApp {
  readonly clientId: string;
  readonly clientSecret: string;
  /** A run-as user is set, which client credentials need. */
  hasRunAs: boolean;
  /** The user is preauthorized, which assertions need. */
  preauthorized: boolean;
  /** Verifies the signature of assertions; null: the app accepts none. */
  publicKey: KeyObject | null;
}

export interface TokenContext {
  readonly org: Org;
  readonly sessions: Sessions;
  readonly app: ClientApp;
  /** The address of the org (My Domain). */
  readonly url: string;
}

/** @param pem a public key or a certificate @throws if it is neither */
export function publicKeyOf(pem: string): KeyObject {
  return createPublicKey(pem);
}

const formSchema = z.object({
  grant_type: z.string(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  assertion: z.string().optional(),
});
type Form = z.infer<typeof formSchema>;

const errorReply = (error: string, error_description: string): Reply => ({
  status: 400,
  body: { error, error_description },
});

/** @param form the posted form fields */
export function handleTokenRequest(context: TokenContext, form: unknown): Reply {
  const parsed = formSchema.safeParse(form);
  if (!parsed.success) return errorReply('unsupported_grant_type', 'grant type not supported');
  const problem = check(context, parsed.data);
  if (problem) return problem;
  const { org, sessions, url, app } = context;
  const now = org.clock.now();
  const id = `${url}/id/${org.id}/${org.userId}`;
  const issued_at = String(now);
  const signature = createHmac('sha256', app.clientSecret).update(`${id}${issued_at}`).digest('base64');
  const access_token = sessions.issue(now);
  const scope = 'api';
  return {
    status: 200,
    body: { access_token, signature, scope, instance_url: url, id, token_type: 'Bearer', issued_at },
  };
}

function check(context: TokenContext, form: Form): Reply | null {
  if (form.grant_type === 'client_credentials') return checkCredentials(context.app, form);
  if (form.grant_type === JWT_BEARER) return checkAssertion(context, form.assertion ?? '');
  if (form.grant_type === 'password') return errorReply('invalid_grant', 'authentication failure');
  return errorReply('unsupported_grant_type', 'grant type not supported');
}

function checkCredentials(app: ClientApp, { client_id, client_secret = '' }: Form): Reply | null {
  if (client_id !== app.clientId) return errorReply('invalid_client_id', 'client identifier invalid');
  if (!isSame(client_secret, app.clientSecret)) return errorReply('invalid_client', 'invalid client credentials');
  return app.hasRunAs ? null : errorReply('invalid_grant', 'no client credentials user enabled');
}

const headerSchema = z.object({ alg: z.literal('RS256') });
const claimsSchema = z.object({ iss: z.string(), sub: z.string(), aud: z.string(), exp: z.number() });

function checkAssertion({ app, org, url }: TokenContext, assertion: string): Reply | null {
  const [head = '', body = '', signature = '', ...more] = assertion.split('.');
  const header = headerSchema.safeParse(jsonOf(head));
  const claims = claimsSchema.safeParse(jsonOf(body));
  if (more.length > 0 || !header.success || !claims.success) return errorReply('invalid_grant', 'invalid assertion');
  const { iss, sub, aud, exp } = claims.data;
  if (iss !== app.clientId) return errorReply('invalid_client_id', 'client identifier invalid');
  const signed = Buffer.from(`${head}.${body}`);
  const good =
    app.publicKey !== null && verify('RSA-SHA256', signed, app.publicKey, Buffer.from(signature, 'base64url'));
  if (!good) return errorReply('invalid_grant', 'invalid assertion');
  // A production org accepts the production login server and its own address.
  if (aud !== 'https://login.salesforce.com' && aud !== url) return errorReply('invalid_grant', 'audience is invalid');
  const left = exp - org.clock.now() / 1000;
  if (left <= 0) return errorReply('invalid_grant', 'expired authorization code');
  if (left > MAX_ASSERTION_S) return errorReply('invalid_grant', 'invalid assertion');
  const user = textOf(org.find(org.userId)?.values.Username);
  const approved = app.preauthorized && sub === user;
  return approved ? null : errorReply('invalid_grant', "user hasn't approved this consumer");
}

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

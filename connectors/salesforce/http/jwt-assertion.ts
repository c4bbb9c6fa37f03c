// The assertion of a JWT bearer login: it names the app, the user and the login server, and is
// signed with the private key whose certificate the app has.
// https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { ConnectorError } from '../../../src/crm/connector-error.ts';

// Sources give three or five minutes as the longest allowed lifetime of an assertion; this is the
// shorter one.
const ASSERTION_SECONDS = 180;

interface Signer {
  readonly clientId: string;
  readonly username: string;
  /** PEM */
  readonly privateKey: string;
  readonly loginUrl: string;
}

/** @throws ConnectorError `auth` when the key cannot be used */
export function signedAssertion({ clientId, username, privateKey, loginUrl }: Signer, now: Date): string {
  const exp = Math.floor(now.getTime() / 1000) + ASSERTION_SECONDS;
  return signJwt({ iss: clientId, sub: username, aud: audienceOf(loginUrl), exp }, parsePrivateKey(privateKey));
}

/**
 * The login server for production or sandbox orgs; a host outside salesforce.com is its own
 * audience.
 */
export function audienceOf(loginUrl: string): string {
  const { hostname } = new URL(loginUrl);
  if (!hostname.endsWith('.salesforce.com')) return loginUrl;
  const isSandbox =
    hostname === 'test.salesforce.com' || /\.(?:sandbox|scratch)\.my\.salesforce\.com$|--/.test(hostname);
  return `https://${isSandbox ? 'test' : 'login'}.salesforce.com`;
}

function parsePrivateKey(pem: string): KeyObject {
  try {
    // Some tools store the line breaks of a variable as the two characters \n.
    const key = createPrivateKey(pem.replaceAll('\\n', '\n'));
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // The error below replaces the parser's own error, which may quote the key.
  }
  throw new ConnectorError({
    kind: 'auth',
    crm: 'salesforce',
    message: 'SALESFORCE_PRIVATE_KEY cannot be read as an RSA private key without a passphrase',
    code: 'PRIVATE_KEY',
    fix: 'Set SALESFORCE_PRIVATE_KEY_FILE to the PEM file whose certificate the External Client App has.',
  });
}

function signJwt(claims: object, key: KeyObject): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part({ alg: 'RS256' })}.${part(claims)}`;
  return `${content}.${sign('RSA-SHA256', Buffer.from(content), key).toString('base64url')}`;
}

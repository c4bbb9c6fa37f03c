// The URL that HubSpot sends webhooks to. HubSpot signs the URL, and the receiver verifies the
// signature with PUBLIC_URL.
import { BlockList, isIP } from 'node:net';
import { ConnectorError } from '../../../../src/crm/connector-error.ts';

export const EXAMPLE_URL = 'https://leadgrade.example.com';

/**
 * @param publicUrl PUBLIC_URL, without a path
 * @throws ConnectorError `configuration` when HubSpot cannot reach it
 */
export function targetUrl(publicUrl: string | undefined): string {
  if (publicUrl === undefined) throw unreachableError('is not set');
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol !== 'https:') throw unreachableError(`starts with ${protocol}//; HubSpot sends only to https://`);
  if (isPrivate(hostname))
    throw unreachableError(`has the host ${hostname}, which only this machine or network can reach`);
  return `${publicUrl}/webhooks/hubspot`;
}

function unreachableError(problem: string): ConnectorError {
  return new ConnectorError({
    kind: 'configuration',
    crm: 'hubspot',
    message: `PUBLIC_URL ${problem}.`,
    fix: `Set it to the address at which HubSpot reaches this service, like PUBLIC_URL=${EXAMPLE_URL} (see docs/install-hubspot.md).`,
  });
}

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
}
PRIVATE.addAddress('::', 'ipv6');
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/** Decides by the name alone, without a DNS lookup. */
function isPrivate(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const version = isIP(host);
  if (version !== 0) return PRIVATE.check(host, version === 6 ? 'ipv6' : 'ipv4');
  return !host.includes('.') || /\.(localhost|local|internal)$/.test(host);
}

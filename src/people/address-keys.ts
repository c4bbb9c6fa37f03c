// The keys by which addresses match records, under a policy. Pure.
import { withoutTag } from '../domain/email-address.ts';
import type { MatchPolicy } from './people-policy.ts';
import { inboxKey, inboxKeys } from './shared-inbox.ts';

export interface AddressKeys {
  /** Two addresses with one key belong to one mailbox. */
  keyOf(address: string): string;
  isShared(address: string): boolean;
  /** The distinct keys of the addresses that belong to one person. */
  matchKeysOf(addresses: readonly string[]): readonly string[];
}

export function createAddressKeys({ shared_inboxes, plus_tags }: AddressPolicy): AddressKeys {
  const shared = inboxKeys(shared_inboxes);
  const keyOf = (address: string) => (plus_tags === 'same' ? withoutTag(address) : address);
  const isShared = (address: string) => shared.has(inboxKey(address));
  return {
    keyOf,
    isShared,
    matchKeysOf: (addresses) => [...new Set(addresses.filter((address) => !isShared(address)).map(keyOf))],
  };
}

type AddressPolicy = Pick<MatchPolicy, 'shared_inboxes' | 'plus_tags'>;

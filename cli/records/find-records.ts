// Finds the records that a person names on the command line.
import type { JobContext } from '../../jobs/context.ts';
import type { ParsedRecordId } from '../../src/crm/connector.ts';
import { normalAddress } from '../../src/domain/email-address.ts';
import { type FoundRecord, findRecordsByAddress, findRecordsById } from '../../src/store/leads/find-records.ts';
import { storedAccount } from '../../src/store/sync/crm-accounts.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import type { LeadKey, LeadQuery } from '../terminal/lead-key.ts';

type FindContext = Pick<JobContext, 'db' | 'crms' | 'people'>;

export interface FoundRecords {
  /** As it is printed: `hubspot:123`, `the address anna@acme.example`. */
  readonly name: string;
  /** The record that the query names; null: it names an address. */
  readonly key: LeadKey | null;
  /** Tombstones included. Empty: not known. */
  readonly records: readonly FoundRecord[];
}

/** @throws ConfigurationError for a CRM that is not set up, or an ID or URL that cannot be right */
export async function findRecords(context: FindContext, query: LeadQuery): Promise<FoundRecords> {
  const { db, crms, people } = context;
  if (query.kind === 'email') {
    const address = normalAddress(query.text);
    if (address === null)
      throw new ConfigurationError(`"${query.text}" is not one e-mail address, like anna@acme.example.`);
    const ignoresTags = people.match.plus_tags === 'same';
    const records = await findRecordsByAddress(db, address, { ignoresTags, crms: [...crms.keys()] });
    return { name: `the address ${address}`, key: null, records };
  }
  const keys = query.kind === 'url' ? [await keyOfUrl(context, query.url)] : keysOfId(context, query);
  const found = await Promise.all(
    keys.map(async (key) => {
      return { name: nameOf(key), key, records: await findRecordsById(db, key) };
    }),
  );
  const known = found.filter(({ records }) => records.length > 0);
  const [first] = known.length > 0 ? known : found;
  if (first === undefined || known.length > 1) {
    const names = keys.map(nameOf).join(' and ');
    throw new ConfigurationError(`The ID belongs to ${names}. Write one of these.`);
  }
  return first;
}

function keysOfId({ crms }: FindContext, query: LeadQuery & { kind: 'record' | 'id' }): readonly LeadKey[] {
  if (query.kind === 'record') {
    const crm = crms.get(query.crm);
    if (crm === undefined) {
      throw new ConfigurationError(`CRM "${query.crm}" is not set up. Set up: ${[...crms.keys()].join(', ')}.`);
    }
    const parsed = crm.connector.recordKeys?.parseId(query.id) ?? { id: query.id };
    return [{ crm: query.crm, id: idOrThrow(parsed) }];
  }
  const parsed = [...crms].map(([crm, { connector }]) => {
    return { crm, parsed: connector.recordKeys?.parseId(query.id) ?? { id: query.id } };
  });
  const keys = parsed.flatMap((each) => ('id' in each.parsed ? [{ crm: each.crm, id: each.parsed.id }] : []));
  if (keys.length > 0) return keys;
  throw new ConfigurationError(
    parsed.flatMap((each) => ('problem' in each.parsed ? [each.parsed.problem] : [])).join(' '),
  );
}

async function keyOfUrl({ db, crms }: FindContext, url: URL): Promise<LeadKey> {
  for (const [crm, { connector }] of crms) {
    const parsed = connector.recordKeys?.parseUrl(url) ?? null;
    if (parsed === null) continue;
    const id = idOrThrow(parsed);
    const own = await storedAccount(db, crm);
    if (parsed.account !== undefined && own !== null && parsed.account !== own) {
      throw new ConfigurationError(
        `The URL belongs to the ${connector.name} account ${parsed.account}; Leadgrade is connected to ${own}.`,
      );
    }
    return { crm, id };
  }
  const names = [...crms.values()].map(({ connector }) => connector.name).join(' or ');
  throw new ConfigurationError(`${url.hostname} is not ${names}. Copy the URL of a record from there.`);
}

function idOrThrow(parsed: ParsedRecordId): string {
  if ('problem' in parsed) throw new ConfigurationError(parsed.problem);
  return parsed.id;
}

export function nameOf({ crm, id }: LeadKey): string {
  return `${crm}:${id}`;
}

/** `hubspot:123 (contacts) Anna Berg`, for a list of records of one address. */
export function describeRecord({ crm, object, id, state, first, last }: FoundRecord): string {
  const name = [first, last].filter((part) => part !== null && part !== '').join(' ');
  const deleted = state === 'live' ? '' : ', deleted in the CRM';
  return `${crm}:${id} (${object}${deleted})${name === '' ? '' : ` ${name}`}`;
}

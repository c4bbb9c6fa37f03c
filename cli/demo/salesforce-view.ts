// Reads what a rep sees in the sandbox Salesforce, through the API of Salesforce.
import { z } from 'zod';
import { modelProperty } from '../../connectors/salesforce/setup/score-fields.ts';
import { type DisplayRecord, type FieldNames, parseDisplayRecord, scoreNames } from './display-record.ts';

const tokenSchema = z.object({ access_token: z.string() });
const pageSchema = z.object({
  records: z.array(z.looseObject({ Id: z.string() })),
  nextRecordsUrl: z.string().optional(),
});
const valuesSchema = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

/** With the fields of the first model. */
const NAMES = {
  first: 'FirstName',
  last: 'LastName',
  title: 'Title',
  grade: 'Leadgrade_Fit_Grade__c',
  fit: 'Leadgrade_Fit_Score__c',
  behavior: 'Leadgrade_Behavior_Score__c',
  total: 'Leadgrade_Total_Score__c',
  status: 'Leadgrade_Status__c',
  explanation: 'Leadgrade_Explanation__c',
};

/** @param model the key of the model; null = the first one, whose fields have no name in them */
function namesOf(model: string | null): FieldNames {
  return model === null ? NAMES : { ...NAMES, ...scoreNames((field) => modelProperty(model, field)) };
}

interface Org {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Every unconverted Lead and every Contact, with our fields of one model. */
export async function peopleInSalesforce(org: Org, model: string | null): Promise<readonly DisplayRecord[]> {
  const token = await fetchToken(org);
  const names = namesOf(model);
  const fields = ['Id', ...Object.values(names)].join(', ');
  const read = (soql: string) => query(org, { token, soql, names });
  const leads = await read(`SELECT ${fields} FROM Lead WHERE IsConverted = false`);
  return [...leads, ...(await read(`SELECT ${fields} FROM Contact`))];
}

async function fetchToken({ url, clientId, clientSecret }: Org): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  });
  const response = await fetch(`${url}/services/oauth2/token`, { method: 'POST', body });
  return tokenSchema.parse(await response.json()).access_token;
}

interface Query {
  readonly token: string;
  readonly soql: string;
  readonly names: FieldNames;
}

async function query(org: Org, { token, soql, names }: Query): Promise<readonly DisplayRecord[]> {
  const records: DisplayRecord[] = [];
  let path: string | undefined = `/services/data/v66.0/query?${new URLSearchParams({ q: soql })}`;
  while (path !== undefined) {
    const response = await fetch(`${org.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    const page = pageSchema.parse(await response.json());
    for (const { Id, attributes: _attributes, ...values } of page.records) {
      records.push(parseDisplayRecord(Id, valuesSchema.parse(values), names));
    }
    path = page.nextRecordsUrl;
  }
  return records;
}

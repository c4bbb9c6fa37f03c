// A record on the command line: `hubspot:123`, `salesforce:00Q5g00000AbCdEEAV`.
import { Argument, InvalidArgumentError } from 'commander';

export interface LeadKey {
  readonly crm: string;
  readonly id: string;
}

export function leadKeyArgument(): Argument {
  return new Argument('<crm:id>', 'a record by its ID in the CRM, e.g. hubspot:123').argParser(parseLeadKey);
}

function parseLeadKey(text: string): LeadKey {
  const [, crm, id] = /^([a-z][a-z0-9-]*):(\S+)$/.exec(text) ?? [];
  if (crm === undefined || id === undefined) throw new InvalidArgumentError('It must be like hubspot:123.');
  return { crm, id };
}

// A record as a command line names it: `hubspot:123`, `salesforce:00Q5g00000AbCdEEAV`.
import { Argument, InvalidArgumentError } from 'commander';

export interface LeadKey {
  readonly crm: string;
  readonly id: string;
}

export function leadKeyArgument(): Argument {
  return new Argument('<crm:id>', 'the record in its CRM, e.g. hubspot:123').argParser(leadKey);
}

function leadKey(text: string): LeadKey {
  const [, crm, id] = /^([a-z][a-z0-9-]*):(\S+)$/.exec(text) ?? [];
  if (crm === undefined || id === undefined) throw new InvalidArgumentError('It must be like hubspot:123.');
  return { crm, id };
}

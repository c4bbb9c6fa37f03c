// The initial properties of an account, by object and tier.
import { OBJECT_KINDS, type ObjectType } from '../object-types.ts';
import { pipelineProperties, STANDARD_PIPELINES } from '../portal/pipelines.ts';
import type { Tier } from '../tier.ts';
import { COMPANY_PROPERTIES, DEAL_PROPERTIES } from './company-properties.ts';
import { CONTACT_PROPERTIES } from './contact-properties.ts';
import {
  CALL_PROPERTIES,
  EMAIL_PROPERTIES,
  MEETING_PROPERTIES,
  NOTE_PROPERTIES,
  TASK_PROPERTIES,
} from './engagement-properties.ts';
import type { PropertyDefinition } from './property-definition.ts';
import { PropertyRegistry } from './property-registry.ts';

const STANDARD: Readonly<Record<ObjectType, readonly PropertyDefinition[]>> = {
  contacts: CONTACT_PROPERTIES,
  companies: COMPANY_PROPERTIES,
  deals: [...DEAL_PROPERTIES, ...pipelineProperties(STANDARD_PIPELINES)],
  meetings: MEETING_PROPERTIES,
  calls: CALL_PROPERTIES,
  emails: EMAIL_PROPERTIES,
  notes: NOTE_PROPERTIES,
  tasks: TASK_PROPERTIES,
};

// Counters of marketing e-mails, which free accounts lack.
const PAID_PROPERTIES: ReadonlySet<string> = new Set(['hs_email_open', 'hs_email_click', 'hs_email_delivered']);

// Custom properties per object: about 10 on free accounts, 1,000 on paid ones.
const PROPERTY_QUOTA: Readonly<Record<Tier, number>> = { free: 10, pro: 1000, enterprise: 1000 };

/** The registry of one object in an account without custom properties. */
export function standardRegistry(type: ObjectType, tier: Tier): PropertyRegistry {
  const standard = STANDARD[type].filter(({ name }) => tier !== 'free' || !PAID_PROPERTIES.has(name));
  return new PropertyRegistry(OBJECT_KINDS[type].objectTypeId, PROPERTY_QUOTA[tier], standard);
}

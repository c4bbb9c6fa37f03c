// Who of the demo's people sales works on, and so is in Salesforce as well: with the same meetings and calls, as where HubSpot and
// Salesforce sync with each other.
import type { Dataset } from '../../sandbox/dataset/dataset.ts';

const WORKED_ON = new Set(['marketingqualifiedlead', 'salesqualifiedlead', 'opportunity', 'customer']);

export function salesforcePeople({ companies, people, activities, opportunities }: Dataset): Dataset {
  const deals = new Set(opportunities.map(({ person }) => person));
  const kept = people.filter(({ key, lifecycle }) => deals.has(key) || WORKED_ON.has(lifecycle ?? ''));
  const keys = new Set(kept.map(({ key }) => key));
  const employers = new Set(kept.map(({ company }) => company));
  return {
    companies: companies.filter(({ key }) => employers.has(key)),
    people: kept,
    activities: activities.filter(({ person }) => keys.has(person)),
    opportunities: opportunities.filter(({ person }) => keys.has(person)),
  };
}

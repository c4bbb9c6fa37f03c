// The people of the demo that are in Salesforce, too: those that sales works on, with the same
// meetings and calls, as if HubSpot and Salesforce were synced.
import type { Dataset } from '../../sandbox/dataset/dataset.ts';

const WORKED_ON = new Set(['marketingqualifiedlead', 'salesqualifiedlead', 'opportunity', 'customer']);

export function salesforcePeople({ companies, people, activities, opportunities }: Dataset): Dataset {
  const deals = new Set(opportunities.map(({ person }) => person));
  const selected = people.filter(({ key, lifecycle }) => deals.has(key) || WORKED_ON.has(lifecycle ?? ''));
  const keys = new Set(selected.map(({ key }) => key));
  const employers = new Set(selected.map(({ company }) => company));
  return {
    companies: companies.filter(({ key }) => employers.has(key)),
    people: selected,
    activities: activities.filter(({ person }) => keys.has(person)),
    opportunities: opportunities.filter(({ person }) => keys.has(person)),
  };
}

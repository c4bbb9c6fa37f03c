// Leads whose score is the number in their job title, for tests of bands whose points follow the leads: "Rank 40" is
// worth 40 points. A lead is `hot` or `cold`.
import type { Dataset, SeedPerson } from '../../sandbox/dataset/dataset.ts';
import { leads } from './leads.ts';
import type { TestProduct } from './product.ts';

const MAX_RANK = 60;

interface RankModel {
  readonly name: string;
  /** What a rank is worth; default: its number. */
  readonly pointsOf?: (rank: number) => number;
  /** Lines after the rest. */
  readonly more?: string;
}

/** A model file. @param hot `at_least` of the band `hot` */
export function rankModel(hot: string, { name, pointsOf = (rank) => rank, more = '' }: RankModel): string {
  const cases = Array.from(
    { length: MAX_RANK },
    (_, at) => `{ when: { is: Rank ${at + 1} }, points: ${pointsOf(at + 1)} }`,
  );
  return `
name: ${name}
version: "1"
fit: { criteria: [{ id: rank, field: contact.job_title, cases: [${cases.join(', ')}] }] }
status: { basis: fit, bands: [{ id: hot, at_least: ${hot} }, { id: cold }] }
${more}`;
}

/** Leads p0, p1 ... of these ranks; `changes` are made to all of them. */
export function rankedLeads(ranks: readonly number[], changes: Partial<SeedPerson> = {}): Dataset {
  const { people, ...rest } = leads(ranks.length, changes);
  return { ...rest, people: people.map((person, at) => ({ ...person, jobTitle: `Rank ${ranks[at]}` })) };
}

/** The numbers from 1 to `count`. */
export const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1);

export function setRank(product: TestProduct, key: string, rank: number): Promise<unknown> {
  return product.control('PATCH', `contacts/${product.idOf(key)}`, { properties: { jobtitle: `Rank ${rank}` } });
}

/** Keys of the leads that are hot in the CRM, in the order of the alphabet. */
export async function hotLeads(product: TestProduct): Promise<readonly string[]> {
  const contacts = await product.contacts();
  const keys = new Map([...product.sandbox.contactIds].map(([key, id]) => [id, key]));
  const hot = contacts.filter(({ properties }) => properties.leadgrade_status === 'hot');
  return hot.map(({ id }) => keys.get(id) ?? id).toSorted();
}

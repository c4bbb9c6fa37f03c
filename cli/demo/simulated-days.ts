// Simulates three days: people visit the site, submit forms, meet and change jobs; every slot
// enqueues the jobs that the schedule would enqueue.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { syncOnce } from '../../jobs/runs/sync-once.ts';
import { localDate } from '../../jobs/schedule/nightly-slot.ts';
import { type Random, seededRandom } from '../../sandbox/dataset/random.ts';
import { findRunOfSlot } from '../../src/store/sync/runs.ts';
import type { Product } from '../product/open-product.ts';
import { followRun } from '../runs/follow-run.ts';
import type { CommandIo } from '../terminal/io.ts';
import { control, type SandboxAddress } from './sandbox-log.ts';
import type { SimulatedClock } from './simulated-clock.ts';

const DAYS = 3;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Actions a day, for every thousand contacts. */
const ACTIVE_PER_THOUSAND = 15;

interface Simulation {
  readonly product: Product;
  readonly hubspot: SandboxAddress;
  readonly salesforce: SandboxAddress;
  readonly clock: SimulatedClock;
  readonly io: CommandIo;
  readonly actors: readonly Actor[];
  readonly seed: number;
}

/** A person who performs actions. */
export interface Actor {
  /** Contact in HubSpot. */
  readonly contactId: string;
  /** Lead or Contact in Salesforce; null: not in Salesforce. */
  readonly personId: string | null;
}

export interface Day {
  readonly date: string;
  /** Actions of people, and edits of contacts and companies. */
  readonly changes: number;
  /** Leads whose score by any model, also by a shadow, changed at night by decay alone. */
  readonly decayed: number;
  readonly writtenByNight: number;
  readonly writtenByDay: number;
}

export async function simulateDays(simulation: Simulation): Promise<readonly Day[]> {
  const { clock } = simulation;
  const random = seededRandom(simulation.seed + 1);
  const days: Day[] = [];
  const midnight = Math.floor(clock.now().getTime() / DAY_MS) * DAY_MS;
  for (let day = 1; day <= DAYS; day++) {
    const night = await runNight(simulation, new Date(midnight + day * DAY_MS + 2 * HOUR_MS));
    clock.forwardTo(new Date(midnight + day * DAY_MS + 14 * HOUR_MS));
    const changes = await runDay(simulation, random);
    clock.forwardTo(new Date(midnight + day * DAY_MS + 18 * HOUR_MS));
    const run = await syncOnce(simulation.product.context);
    const { written } = await followRun(simulation.product, run.id, simulation.io);
    const date = localDate(clock.now(), 'UTC');
    days.push({ date, changes, decayed: night.decayed, writtenByNight: night.written, writtenByDay: written });
  }
  return days;
}

/** Advances the clock to the nightly slot and enqueues the nightly job, as the poll job does. */
async function runNight({ product, clock, io }: Simulation, at: Date): Promise<{ decayed: number; written: number }> {
  const { context } = product;
  clock.forwardTo(new Date(at.getTime() + 1_000));
  await context.enqueue('nightly', {});
  for (;;) {
    const run = await findRunOfSlot(context.db, 'nightly', localDate(at, 'UTC'));
    if (run) return followRun(product, run.id, io);
    await sleep(50);
  }
}

type Action = (simulation: Simulation, actor: Actor) => Promise<unknown>;

const inHubSpot =
  (type: string, attributes: object = {}): Action =>
  ({ hubspot }, { contactId }) =>
    control(hubspot, 'POST', 'activities', { contactId, type, attributes });

/** For a person in both CRMs the activity is created in both, as if the two were synced. */
const inBothCrms =
  (type: string, attributes: object = {}): Action =>
  async (simulation, actor) => {
    await inHubSpot(type, attributes)(simulation, actor);
    const { personId } = actor;
    if (personId !== null) await control(simulation.salesforce, 'POST', 'activities', { personId, type, attributes });
  };

const SITE = 'https://www.example.com';

const ACTIONS: readonly [Action, ...Action[]] = [
  inHubSpot('page_view', { url: `${SITE}/pricing`, title: 'Pricing' }),
  inHubSpot('page_view', { url: `${SITE}/pricing`, title: 'Pricing' }),
  inHubSpot('page_view', { url: `${SITE}/customers/acme`, title: 'Case study' }),
  inHubSpot('page_view', { url: `${SITE}/security`, title: 'Security' }),
  inHubSpot('form_submission', { form: 'demo' }),
  inHubSpot('content_download'),
  inBothCrms('meeting', { title: 'Discovery' }),
  inHubSpot('email_reply'),
];

/** The actions and edits of one day. @returns their number */
async function runDay(simulation: Simulation, random: Random): Promise<number> {
  const [first, ...others] = simulation.actors;
  if (first === undefined) return 0;
  const anyActor = () => random.pick([first, ...others]);
  const active = Math.max(5, Math.round((simulation.actors.length * ACTIVE_PER_THOUSAND) / 1_000));
  for (let done = 0; done < active; done++) await random.pick(ACTIONS)(simulation, anyActor());
  await promote(simulation, anyActor());
  await growCompany(simulation, anyActor());
  return active + 2;
}

function promote({ hubspot }: Simulation, { contactId }: Actor): Promise<unknown> {
  return control(hubspot, 'PATCH', `contacts/${contactId}`, { properties: { jobtitle: 'VP Sales' } });
}

/** Does not change the modification time of any contact. */
async function growCompany({ hubspot }: Simulation, { contactId }: Actor): Promise<void> {
  const contact = z
    .object({ companyId: z.string().nullable() })
    .parse(await control(hubspot, 'GET', `contacts/${contactId}`));
  if (contact.companyId === null) return;
  await control(hubspot, 'PATCH', `companies/${contact.companyId}`, { properties: { numberofemployees: '400' } });
}

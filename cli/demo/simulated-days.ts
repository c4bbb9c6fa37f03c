// Three days in the life of a team: people visit, ask, meet and change jobs; every slot rings the jobs that the schedule would
// ring.
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
/** Of a thousand contacts, how many do something on a day. */
const ACTIVE_PER_THOUSAND = 15;

interface Scene {
  readonly product: Product;
  readonly hubspot: SandboxAddress;
  readonly salesforce: SandboxAddress;
  readonly clock: SimulatedClock;
  readonly io: CommandIo;
  readonly actors: readonly Actor[];
  readonly seed: number;
}

/** Somebody who does things. */
export interface Actor {
  /** In HubSpot. */
  readonly contactId: string;
  /** In Salesforce: a Lead or a Contact; null = not there. */
  readonly personId: string | null;
}

export interface Day {
  readonly date: string;
  /** Things that people did, and edits of contacts and companies. */
  readonly happened: number;
  /** Leads whose score changed by itself in the night, and records written then. */
  readonly decayed: number;
  readonly writtenByNight: number;
  readonly writtenByDay: number;
}

/** Lives through the days and tells what came of each. */
export async function simulateDays(scene: Scene): Promise<readonly Day[]> {
  const { clock } = scene;
  const random = seededRandom(scene.seed + 1);
  const days: Day[] = [];
  const midnight = Math.floor(clock.now().getTime() / DAY_MS) * DAY_MS;
  for (let day = 1; day <= DAYS; day++) {
    const night = await atNight(scene, new Date(midnight + day * DAY_MS + 2 * HOUR_MS));
    clock.forwardTo(new Date(midnight + day * DAY_MS + 14 * HOUR_MS));
    const happened = await aDay(scene, random);
    clock.forwardTo(new Date(midnight + day * DAY_MS + 18 * HOUR_MS));
    const round = await syncOnce(scene.product.context);
    const { written } = await followRun(scene.product, round.id, scene.io);
    const date = localDate(clock.now(), 'UTC');
    days.push({ date, happened, decayed: night.decayed, writtenByNight: night.written, writtenByDay: written });
  }
  return days;
}

/** Puts the clock to the nightly slot and rings for it, as the tick does. */
async function atNight({ product, clock, io }: Scene, at: Date): Promise<{ decayed: number; written: number }> {
  const { context } = product;
  clock.forwardTo(new Date(at.getTime() + 1_000));
  await context.enqueue('nightly', {});
  for (;;) {
    const run = await findRunOfSlot(context.db, 'nightly', localDate(at, 'UTC'));
    if (run) return followRun(product, run.id, io);
    await sleep(50);
  }
}

type Act = (scene: Scene, actor: Actor) => Promise<unknown>;

const does =
  (type: string, attributes: object = {}): Act =>
  ({ hubspot }, { contactId }) =>
    control(hubspot, 'POST', 'activities', { contactId, type, attributes });

/** Of those who are in both CRMs it is entered in both, as where the two sync with each other. */
const entered =
  (type: string, attributes: object = {}): Act =>
  async (scene, actor) => {
    await does(type, attributes)(scene, actor);
    const { personId } = actor;
    if (personId !== null) await control(scene.salesforce, 'POST', 'activities', { personId, type, attributes });
  };

const SITE = 'https://www.example.com';

const ACTS: readonly [Act, ...Act[]] = [
  does('page_view', { url: `${SITE}/pricing`, title: 'Pricing' }),
  does('page_view', { url: `${SITE}/pricing`, title: 'Pricing' }),
  does('page_view', { url: `${SITE}/customers/acme`, title: 'Case study' }),
  does('page_view', { url: `${SITE}/security`, title: 'Security' }),
  does('form_submission', { form: 'demo' }),
  does('content_download'),
  entered('meeting', { title: 'Discovery' }),
  does('email_reply'),
];

/** What people do on one day; gives how many things. */
async function aDay(scene: Scene, random: Random): Promise<number> {
  const [first, ...others] = scene.actors;
  if (first === undefined) return 0;
  const somebody = () => random.pick([first, ...others]);
  const active = Math.max(5, Math.round((scene.actors.length * ACTIVE_PER_THOUSAND) / 1_000));
  for (let done = 0; done < active; done++) await random.pick(ACTS)(scene, somebody());
  await promote(scene, somebody());
  await growCompanyOf(scene, somebody());
  return active + 2;
}

function promote({ hubspot }: Scene, { contactId }: Actor): Promise<unknown> {
  return control(hubspot, 'PATCH', `contacts/${contactId}`, { properties: { jobtitle: 'VP Sales' } });
}

/** No contact's own modification time tells of this. */
async function growCompanyOf({ hubspot }: Scene, { contactId }: Actor): Promise<void> {
  const contact = z
    .object({ companyId: z.string().nullable() })
    .parse(await control(hubspot, 'GET', `contacts/${contactId}`));
  if (contact.companyId === null) return;
  await control(hubspot, 'PATCH', `companies/${contact.companyId}`, { properties: { numberofemployees: '400' } });
}

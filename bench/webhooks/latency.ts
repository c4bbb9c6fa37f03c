// How long it takes until what happened is in the contact's written score, while nothing else happens.
import { control } from '../../cli/demo/sandbox-log.ts';
import { MEETING_TITLE } from '../../test/support/meeting-model.ts';
import type { Stage } from './environment.ts';
import { percentiles } from './percentiles.ts';
import { type Contact, logEnd, writtenAt } from './sandbox-writes.ts';
import { askForDemo } from './site-event.ts';

export interface Latency {
  readonly what: string;
  readonly samples: number;
  readonly missing: number;
  readonly p50: number;
  readonly p95: number;
  readonly most: number;
}

const HAPPENINGS: Readonly<
  Record<string, { happen(stage: Stage, contact: Contact): Promise<unknown>; withinMs: number; share: number }>
> = {
  'a property changes': {
    happen: (stage, { id }) =>
      control(stage.sandbox, 'PATCH', `contacts/${id}`, { properties: { jobtitle: 'Student of things' } }),
    withinMs: 20_000,
    share: 1,
  },
  'a meeting': {
    happen: (stage, { id }) =>
      control(stage.sandbox, 'POST', 'activities', {
        contactId: id,
        type: 'meeting',
        attributes: { title: MEETING_TITLE, outcome: 'COMPLETED' },
      }),
    withinMs: 20_000,
    share: 1,
  },
  'an event of the site': {
    happen: (stage, { email }) => askForDemo(stage, email),
    withinMs: 20_000,
    share: 1,
  },
  'a form is submitted': {
    happen: (stage, { id }) =>
      control(stage.sandbox, 'POST', 'activities', {
        contactId: id,
        type: 'form_submission',
        attributes: { form: 'Request a demo' },
      }),
    withinMs: 70_000,
    share: 0.2,
  },
};

export async function measureLatency(
  stage: Stage,
  contacts: readonly Contact[],
  samples: number,
): Promise<readonly Latency[]> {
  const left = [...contacts];
  const results: Latency[] = [];
  for (const [what, { happen, withinMs, share }] of Object.entries(HAPPENINGS)) {
    const took: number[] = [];
    const count = Math.max(1, Math.round(samples * share));
    for (let sample = 0; sample < count; sample++) {
      const contact = left.pop();
      if (!contact) break;
      const since = await logEnd(stage);
      const began = Date.now();
      await happen(stage, contact);
      const at = await writtenAt(stage, contact.id, since, withinMs);
      if (at !== null) took.push(at - began);
      if (process.env.BENCH_VERBOSE) console.error(what, contact.id, at === null ? null : at - began);
      await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 300));
    }
    const at = percentiles(took);
    results.push({ what, samples: count, missing: count - took.length, p50: at(0.5), p95: at(0.95), most: at(1) });
  }
  return results;
}

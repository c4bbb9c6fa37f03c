// Measures the latency from a change to the contact's written score on an idle service.
import { control } from '../../cli/demo/sandbox-log.ts';
import { MEETING_TITLE } from '../../test/support/meeting-model.ts';
import type { BenchEnvironment } from './environment.ts';
import { percentiles } from './percentiles.ts';
import { type Contact, logEnd, writtenAt } from './sandbox-writes.ts';
import { sendDemoRequest } from './site-event.ts';

export interface Latency {
  readonly change: string;
  readonly samples: number;
  readonly missing: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

const CHANGES: Readonly<
  Record<
    string,
    { apply(environment: BenchEnvironment, contact: Contact): Promise<unknown>; withinMs: number; share: number }
  >
> = {
  'property change': {
    apply: (environment, { id }) =>
      control(environment.sandbox, 'PATCH', `contacts/${id}`, { properties: { jobtitle: 'Student of things' } }),
    withinMs: 20_000,
    share: 1,
  },
  meeting: {
    apply: (environment, { id }) =>
      control(environment.sandbox, 'POST', 'activities', {
        contactId: id,
        type: 'meeting',
        attributes: { title: MEETING_TITLE, outcome: 'COMPLETED' },
      }),
    withinMs: 20_000,
    share: 1,
  },
  'site event': {
    apply: (environment, { email }) => sendDemoRequest(environment, email),
    withinMs: 20_000,
    share: 1,
  },
  'form submission': {
    apply: (environment, { id }) =>
      control(environment.sandbox, 'POST', 'activities', {
        contactId: id,
        type: 'form_submission',
        attributes: { form: 'Request a demo' },
      }),
    withinMs: 70_000,
    share: 0.2,
  },
};

export async function measureLatency(
  environment: BenchEnvironment,
  contacts: readonly Contact[],
  samples: number,
): Promise<readonly Latency[]> {
  const remaining = [...contacts];
  const results: Latency[] = [];
  for (const [change, { apply, withinMs, share }] of Object.entries(CHANGES)) {
    const durations: number[] = [];
    const count = Math.max(1, Math.round(samples * share));
    for (let sample = 0; sample < count; sample++) {
      const contact = remaining.pop();
      if (!contact) break;
      const since = await logEnd(environment);
      const started = Date.now();
      await apply(environment, contact);
      const at = await writtenAt(environment, contact.id, since, withinMs);
      if (at !== null) durations.push(at - started);
      await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 300));
    }
    const at = percentiles(durations);
    results.push({
      change,
      samples: count,
      missing: count - durations.length,
      p50: at(0.5),
      p95: at(0.95),
      max: at(1),
    });
  }
  return results;
}

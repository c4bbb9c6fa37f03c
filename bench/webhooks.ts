// How soon a change in the CRM is in the written score, and what becomes of an import storm, through the real service and a sandbox
// HubSpot, each a process of its own on this machine.
//   npm run bench:webhooks -- --leads 5000 --seconds 60 --samples 40 --setups embedded,postgres,redis
import { parseArgs } from 'node:util';
import { control } from '../cli/demo/sandbox-log.ts';
import { shippedSubscriptions } from '../cli/sandbox/subscriptions.ts';
import { burst } from './webhooks/burst.ts';
import { openStage, SETUPS } from './webhooks/environment.ts';
import { measureLatency } from './webhooks/latency.ts';
import { scoredContacts } from './webhooks/sandbox-writes.ts';

const { values } = parseArgs({
  options: {
    leads: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '60' },
    samples: { type: 'string', default: '40' },
    setups: { type: 'string', default: SETUPS.join(',') },
    parts: { type: 'string', default: 'latency,storm' },
    postgres: { type: 'string', default: 'postgres://postgres@127.0.0.1:5432/postgres' },
    redis: { type: 'string', default: 'redis://127.0.0.1:6379' },
  },
});
const parts = values.parts.split(',');

for (const setup of SETUPS.filter((name) => values.setups.split(',').includes(name))) {
  const stage = await openStage(setup, values, Number(values.leads));
  try {
    const began = performance.now();
    await stage.serve();
    console.log(
      `\n${setup}: ${values.leads} contacts read, scored and written in ${Math.round((performance.now() - began) / 1_000)} s`,
    );
    const contacts = await scoredContacts(stage);
    if (parts.includes('latency')) {
      const targetUrl = `${stage.url}/webhooks/hubspot`;
      await control(stage.sandbox, 'PUT', 'webhooks', { targetUrl, subscriptions: await shippedSubscriptions() });
      console.table(await measureLatency(stage, contacts.slice(-Number(values.samples) * 4), Number(values.samples)));
      await control(stage.sandbox, 'DELETE', 'webhooks');
    }
    if (parts.includes('storm')) console.log(await burst(stage, contacts, Number(values.seconds)));
  } finally {
    await stage.close();
  }
}

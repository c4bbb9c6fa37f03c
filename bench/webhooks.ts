// Measures the latency from a change in the CRM to the written score, and the behavior during a
// burst of webhooks. Service and HubSpot sandbox run as separate processes on this machine.
//   npm run bench:webhooks -- --leads 5000 --seconds 60 --samples 40 --backends embedded,postgres,redis
import { parseArgs } from 'node:util';
import { control } from '../cli/demo/sandbox-log.ts';
import { shippedSubscriptions } from '../cli/sandbox/subscriptions.ts';
import { burst } from './webhooks/burst.ts';
import { BACKENDS, openEnvironment } from './webhooks/environment.ts';
import { measureLatency } from './webhooks/latency.ts';
import { scoredContacts } from './webhooks/sandbox-writes.ts';

const { values } = parseArgs({
  options: {
    leads: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '60' },
    samples: { type: 'string', default: '40' },
    backends: { type: 'string', default: BACKENDS.join(',') },
    parts: { type: 'string', default: 'latency,burst' },
    postgres: { type: 'string', default: 'postgres://postgres@127.0.0.1:5432/postgres' },
    redis: { type: 'string', default: 'redis://127.0.0.1:6379' },
  },
});
const parts = values.parts.split(',');

for (const backend of BACKENDS.filter((name) => values.backends.split(',').includes(name))) {
  const environment = await openEnvironment(backend, values, Number(values.leads));
  try {
    const started = performance.now();
    await environment.startService();
    console.log(
      `\n${backend}: ${values.leads} contacts read, scored and written in ${Math.round((performance.now() - started) / 1_000)} s`,
    );
    const contacts = await scoredContacts(environment);
    if (parts.includes('latency')) {
      const targetUrl = `${environment.url}/webhooks/hubspot`;
      await control(environment.sandbox, 'PUT', 'webhooks', { targetUrl, subscriptions: await shippedSubscriptions() });
      console.table(
        await measureLatency(environment, contacts.slice(-Number(values.samples) * 4), Number(values.samples)),
      );
      await control(environment.sandbox, 'DELETE', 'webhooks');
    }
    if (parts.includes('burst')) console.log(await burst(environment, contacts, Number(values.seconds)));
  } finally {
    await environment.close();
  }
}

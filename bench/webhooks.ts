// Measures the latency from a change in the CRM to the written score, and the behavior during a
// burst of webhooks. Service and HubSpot sandbox run as separate processes on this machine.
//   npm run bench:webhooks -- --leads 5000 --seconds 60 --samples 40 --backends embedded,postgres,redis
import { parseArgs } from 'node:util';
import { control } from '../cli/demo/sandbox-log.ts';
import { shippedSubscriptions } from '../cli/sandbox/subscriptions.ts';
import { SHARED_POSTGRES } from '../test/support/servers.ts';
import { choices } from './measuring/choices.ts';
import { type Figure, openReport } from './measuring/report.ts';
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
    json: { type: 'string' },
    postgres: { type: 'string', default: SHARED_POSTGRES },
    redis: { type: 'string', default: 'redis://127.0.0.1:6379' },
  },
});
const report = await openReport('webhooks', values.json, values.postgres);
const parts = choices('--parts', values.parts, ['latency', 'burst']);
const backends = choices('--backends', values.backends, BACKENDS);
const figures: Figure[] = [];
const details: Record<string, unknown> = {};

for (const backend of backends) {
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
      const latencies = await measureLatency(
        environment,
        contacts.slice(-Number(values.samples) * 4),
        Number(values.samples),
      );
      console.table(latencies);
      for (const { change, p50, p95 } of latencies) {
        figures.push({ name: `${backend}: ${change} to written score, p50`, value: p50, unit: 'ms', kind: 'wall' });
        figures.push({ name: `${backend}: ${change} to written score, p95`, value: p95, unit: 'ms', kind: 'wall' });
      }
      details[`${backend}: latency`] = latencies;
      await control(environment.sandbox, 'DELETE', 'webhooks');
    }
    if (parts.includes('burst')) {
      const result = await burst(environment, contacts, Number(values.seconds));
      console.log(result);
      figures.push({ name: `${backend}: events a second`, value: result.eventsPerSecond, unit: '', kind: 'wall' });
      figures.push({ name: `${backend}: peak memory`, value: result.peakMemory, unit: 'MB', kind: 'count' });
      details[`${backend}: burst`] = result;
    }
  } finally {
    await environment.close();
  }
}
await report.save({ figures, details });

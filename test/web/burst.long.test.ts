// A burst of webhooks, as while a CRM imports: every request is acknowledged, and the events of one contact become few
// reads. And large bodies at once: the memory of the process is bounded.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { BACKEND } from '../support/backends.ts';
import { repetitions } from '../support/fault-runs.ts';
import { changed, signed } from '../support/hubspot-webhooks.ts';
import { patient } from '../support/patience.ts';
import { openServiceEnvironment, type ServiceEnvironment, SOON } from '../support/service-environment.ts';

const SENDERS = 10;
const EVENTS = 100;
const SECONDS = repetitions({ usual: 5, full: 60 });
const MEGABYTE = 1_000_000;

const openService = async (...args: string[]) => {
  const { env } = await BACKEND.create();
  const service = await openServiceEnvironment({ env, contacts: 40, webhooks: false });
  const running = await service.serve(...args);
  return { service, running };
};

const post = async (
  { url, sandbox }: ServiceEnvironment,
  body: Buffer<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
) => {
  const target = `${url}/webhooks/hubspot`;
  const signature = signed(body, { secret: sandbox.clientSecret, url: target });
  const response = await fetch(target, { method: 'POST', body, headers: { ...signature, ...headers } }).catch(
    () => null,
  );
  await response?.arrayBuffer();
  return response?.status ?? 0;
};

test(`${SENDERS} senders with ${EVENTS} events per request for ${SECONDS} s are all stored once, and each contact is read a few times`, async () => {
  const { service } = await openService();
  await service.calm();
  const since = await service.logEnd();
  const statuses = new Map<number, number>();
  const end = performance.now() + SECONDS * 1_000;
  const sender = async () => {
    for (let nth = 0; performance.now() < end; nth++) {
      const events = Array.from({ length: EVENTS }, (_, at) => {
        const lead = service.leads[(nth + at) % service.leads.length];
        return changed(lead?.id ?? '', { portalId: Number(service.sandbox.portalId), occurredAt: Date.now() });
      });
      // As HubSpot does, send again what a machine that is too busy could not store in time.
      for (let status = 0; status !== 200; ) {
        status = await post(service, Buffer.from(JSON.stringify(events)));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  expect([...statuses.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  const [stored] = await service.query<{ count: number }>(
    'select count(*)::int as count from leadgrade.processed_event_keys',
  );
  expect(stored?.count).toBe((statuses.get(200) ?? 0) * EVENTS);
  await service.calm();
  expect(await service.query('select 1 from leadgrade.inbox limit 1')).toEqual([]);
  const reads = (await service.log(since)).filter(({ path }) => path.endsWith('/contacts/batch/read'));
  const events = (statuses.get(200) ?? 0) * EVENTS;
  const read = reads.flatMap(({ ids = [] }) => ids).length;
  const refused = statuses.get(503) ?? 0;
  console.log(`burst: ${events} events, ${read} reads of ${service.leads.length} contacts, ${refused} times 503`);
  // A contact is read at most once in a debounce window of one second, and once more at the end.
  expect(read).toBeLessThanOrEqual(service.leads.length * (patient(SECONDS * 1_000) / 1_000 + 2));
  expect(read).toBeLessThan(events / 2);
});

/** The most memory that the process has used, in bytes. */
async function peakMemory(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1]) * 1_024;
}

const isLinux = process.platform === 'linux';

test.runIf(isLinux)(
  'a hundred bodies of 8 MB at once, half of them compressed to 8 kB, take at most 256 MB twice, and a good request is acknowledged afterwards',
  async () => {
    const { service, running } = await openService('--roles', 'web');
    const body = Buffer.from('[]'.padStart(7_900_000, ' '));
    const compressed = gzipSync(body);
    await post(service, body);
    const before = await peakMemory(running.pid);
    const sent = Array.from({ length: 100 }, (_, nth) =>
      nth % 2 === 0 ? post(service, body) : post(service, compressed, { 'content-encoding': 'gzip' }),
    );
    // A signature is made of the decompressed body; that of the compressed one is refused after it is read.
    const statuses = new Set(await Promise.all(sent));
    // A connection that is refused, or too slow on a busy machine, is closed (0) or gets 408.
    expect([...statuses].filter((status) => ![0, 200, 401, 408, 503].includes(status))).toEqual([]);
    const taken = (await peakMemory(running.pid)) - before;
    console.log(`large bodies: ${Math.round(taken / MEGABYTE)} MB more at the peak`);
    expect(taken).toBeLessThan(2 * 256 * MEGABYTE);
    const [lead] = service.leads;
    await expect.poll(() => service.deliverWebhook(lead?.id ?? '', { occurredAt: Date.now() }), SOON).toBe(200);
  },
);

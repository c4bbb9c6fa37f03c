// The Salesforce sandbox for the conformance suite.
import { z } from 'zod';
import { startSalesforceSandbox } from '../../../sandbox/salesforce/start.ts';
import { people } from '../../../sandbox/test/hubspot/sandbox-under-test.ts';
import { control } from '../../support/sandbox-crm.ts';
import type { ConformanceFixture } from './fixture.ts';

const recordSchema = z.object({ id: z.string(), values: z.record(z.string(), z.unknown()) });

const REFUSALS = {
  auth: { status: 401, errorCode: 'INVALID_SESSION_ID' },
  forbidden: { status: 403, errorCode: 'INSUFFICIENT_ACCESS' },
  invalid: { status: 400, errorCode: 'MALFORMED_QUERY' },
};

const OBJECT = 'Lead';
const ref = (id: string) => ({ object: OBJECT, id });

export const fixture: ConformanceFixture = {
  object: OBJECT,
  severalPages: 4_100,
  hiddenStream: 'tasks',
  refusal: (kind, message) => {
    const { status, errorCode } = REFUSALS[kind];
    return { status, body: [{ errorCode, message }] };
  },
  async start({ people: count, clock, hidden }) {
    const hiddenFields = hidden ? ['Task'] : [];
    const sandbox = await startSalesforceSandbox({ port: 0, dataset: people(count), clock, hiddenFields });
    const { url, clientId, clientSecret, leadIds } = sandbox;
    const send = (method: string, path: string, body?: unknown) => control(url, method, path, body);
    return {
      url,
      settings: {
        SALESFORCE_LOGIN_URL: url,
        SALESFORCE_CLIENT_ID: clientId,
        SALESFORCE_CLIENT_SECRET: clientSecret,
      },
      calls: '^/services/data/',
      people: Array.from({ length: count }, (_, number) => ref(leadIds.get(`p${number}`) ?? '')),
      add: async (LastName) => {
        const values = { LastName, Company: 'Acme' };
        return ref(recordSchema.parse(await send('POST', `records/${OBJECT}`, { values })).id);
      },
      rename: async ({ id }, LastName) => {
        await send('PATCH', `records/${OBJECT}/${id}`, { values: { LastName } });
      },
      remove: async ({ id }) => void (await send('DELETE', `records/${OBJECT}/${id}`)),
      merge: async (winner, loser) => void (await send('POST', 'merge', { masterId: winner.id, mergedId: loser.id })),
      record: async ({ id }) => recordSchema.parse(await send('GET', `records/${OBJECT}/${id}`)).values,
      refuseWriteOf: async ({ id }) => {
        const rule = { object: OBJECT, ids: [id], message: 'A rule says no.' };
        await send('PUT', 'validation-rules', [rule]);
      },
      close: () => sandbox.close(),
    };
  },
};

// The HubSpot sandbox for the conformance suite.
import { z } from 'zod';
import { contactRef } from '../../../connectors/hubspot/contacts/contact-mapping.ts';
import { scopesOf } from '../../../sandbox/hubspot/http/scopes.ts';
import { startHubSpotSandbox } from '../../../sandbox/hubspot/start.ts';
import { people } from '../../../sandbox/test/hubspot/sandbox-under-test.ts';
import { control } from '../../support/sandbox-crm.ts';
import type { ConformanceFixture } from './fixture.ts';

const contactSchema = z.object({ id: z.string(), properties: z.record(z.string(), z.unknown()) });

const REFUSALS = {
  auth: { status: 401, category: 'INVALID_AUTHENTICATION' },
  forbidden: { status: 403, category: 'MISSING_SCOPES' },
  invalid: { status: 400, category: 'VALIDATION_ERROR' },
};

export const fixture: ConformanceFixture = {
  object: 'contacts',
  severalPages: 250,
  hiddenStream: 'form_submissions',
  refusal: (kind, message) => {
    const { status, category } = REFUSALS[kind];
    return { status, body: { status: 'error', category, message } };
  },
  async start({ people: count, clock, hidden }) {
    const scopes = scopesOf('enterprise').filter((scope) => !hidden || scope !== 'forms');
    const sandbox = await startHubSpotSandbox({ port: 0, dataset: people(count), clock, scopes });
    const { url, contactIds } = sandbox;
    const send = (method: string, path: string, body?: unknown) => control(url, method, path, body);
    const named = (lastname: string) => ({ properties: { lastname } });
    return {
      url,
      settings: { HUBSPOT_ACCESS_TOKEN: sandbox.accessToken, HUBSPOT_API_URL: url },
      calls: '',
      people: Array.from({ length: count }, (_, number) => contactRef(contactIds.get(`p${number}`) ?? '')),
      add: async (lastName) => contactRef(contactSchema.parse(await send('POST', 'contacts', named(lastName))).id),
      rename: async ({ id }, lastName) => void (await send('PATCH', `contacts/${id}`, named(lastName))),
      remove: async ({ id }) => void (await send('DELETE', `contacts/${id}`)),
      merge: async (winner, loser) => {
        await send('POST', 'merge', { primaryId: winner.id, mergedId: loser.id });
      },
      record: async ({ id }) => contactSchema.parse(await send('GET', `contacts/${id}`)).properties,
      refuseWriteOf: async ({ id }) => {
        const error = {
          status: 'error',
          category: 'VALIDATION_ERROR',
          message: 'A rule says no.',
          context: { ids: [id] },
        };
        const body = { status: 'error', category: 'VALIDATION_ERROR', message: 'A rule says no.', errors: [error] };
        const match = { path: '/contacts/batch/update', times: 1 };
        await send('PUT', 'faults', [{ match, action: { status: 400, body } }]);
      },
      close: () => sandbox.close(),
    };
  },
};

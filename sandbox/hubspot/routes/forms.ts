// Forms and their submissions, newest first and at most 50 per page.
import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { badRequest, objectNotFound } from '../hubspot-error.ts';
import { decodeAnchor, encodeAnchor } from '../records/dated-list.ts';
import { limitSchema } from './list-query.ts';

const scopes = () => ['forms'];

const listSchema = z.strictObject({
  limit: limitSchema(100, 20),
  after: z.string().regex(/^\d+$/, 'is not a cursor').optional(),
  formTypes: z.union([z.string(), z.array(z.string())]).optional(),
  archived: z.enum(['true', 'false']).optional(),
});

/** GET /marketing/v3/forms */
export const listForms: Endpoint = {
  scopes,
  handle: (call) => {
    const { limit, after, archived } = call.query(listSchema);
    const all = archived === 'true' ? [] : [...call.portal.forms.values()];
    const start = Number(after ?? 0);
    const results = all.slice(start, start + limit).map(({ id, name, createdAt }) => ({
      id,
      name,
      formType: 'hubspot',
      createdAt: new Date(createdAt).toISOString(),
      updatedAt: new Date(createdAt).toISOString(),
      archived: false,
      fieldGroups: [],
    }));
    const next = start + limit;
    return ok(next < all.length ? { results, paging: { next: { after: String(next) } } } : { results });
  },
};

const submissionsSchema = z.strictObject({ limit: limitSchema(50, 20), after: z.string().optional() });

/** GET /form-integrations/v1/submissions/forms/{guid} */
export const listSubmissions: Endpoint = {
  scopes,
  handle: (call) => {
    const { limit, after } = call.query(submissionsSchema);
    const form = call.portal.forms.get(call.param('guid'));
    if (!form) throw objectNotFound(`No form found with guid ${call.param('guid')}`);
    const anchor = after === undefined ? null : decodeAnchor(after);
    if (after !== undefined && !anchor) throw badRequest('Invalid request parameter: after is not a cursor');
    const { items, more } = form.submissions.page({
      descending: true,
      after: anchor,
      from: Number.NEGATIVE_INFINITY,
      to: Number.POSITIVE_INFINITY,
      limit,
      accept: ({ visibleFrom }) => visibleFrom <= call.portal.clock.now(),
    });
    const results = items.map(({ id, at, pageUrl, values }) => ({
      conversionId: id,
      submittedAt: at,
      values,
      pageUrl,
    }));
    const last = items.at(-1);
    return ok(more && last ? { results, paging: { next: { after: encodeAnchor(last) } } } : { results });
  },
};

// Forms and their submissions, newest first and at most 50 per page.
import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { badRequest, objectNotFound } from '../hubspot-error.ts';
import { decodeAnchor, encodeAnchor } from '../records/dated-list.ts';
import { encodeToken, limitSchema, offsetSchema, tokenSchema } from './list-query.ts';

const scopes = () => ['forms'];

const listSchema = z.strictObject({
  limit: limitSchema(100, 20),
  after: offsetSchema.optional(),
  formTypes: z.union([z.string(), z.array(z.string())]).optional(),
  archived: z.enum(['true', 'false']).optional(),
});

/** GET /marketing/v3/forms */
export const listForms: Endpoint = {
  takesQuery: true,
  scopes,
  handle: (call) => {
    const { limit, after, archived } = call.query(listSchema);
    const all = archived === 'true' ? [] : [...call.portal.forms.values()];
    const start = after ?? 0;
    const results = all.slice(start, start + limit).map(({ id, name, createdAt, formType }) => ({
      id,
      name,
      formType,
      createdAt: new Date(createdAt).toISOString(),
      updatedAt: new Date(createdAt).toISOString(),
      archived: false,
      fieldGroups: [],
      // https://developers.hubspot.com/docs/api-reference/marketing-forms-v3/guide
      configuration: { language: 'en', cloneable: true, editable: true, archivable: true, notifyRecipients: [] },
      displayOptions: { renderRawHtml: false, theme: 'default_style', submitButtonText: 'Submit' },
      legalConsentOptions: { type: 'none' },
    }));
    const next = start + limit;
    return ok(next < all.length ? { results, paging: { next: { after: encodeToken(String(next)) } } } : { results });
  },
};

const submissionsSchema = z.strictObject({ limit: limitSchema(50, 20), after: tokenSchema.optional() });

/** GET /form-integrations/v1/submissions/forms/{guid} */
export const listSubmissions: Endpoint = {
  takesQuery: true,
  scopes,
  handle: (call) => {
    const { limit, after } = call.query(submissionsSchema);
    const form = call.portal.forms.get(call.param('guid'));
    // HubSpot lists the form of blog comments (`formTypes=all`), and refuses to list its submissions
    // (public reports; the types: https://developers.hubspot.com/docs/api-reference/marketing-forms-v3/guide).
    if (form?.formType === 'blog_comment') throw badRequest(`Form ${form.id} has an invalid type: BLOG_COMMENT.`);
    if (!form || form.isDeleted) throw objectNotFound(`No form found with guid ${call.param('guid')}`);
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
    return ok(more && last ? { results, paging: { next: { after: encodeToken(encodeAnchor(last)) } } } : { results });
  },
};

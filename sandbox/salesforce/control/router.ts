// The control API under /_sandbox/: user actions in Salesforce, and the org's limits and settings.
// It needs no token.
import type { Request, Router } from 'express';
import { z } from 'zod';
import { type Control, controlRouter as routerOf } from '../../http/control-router.ts';
import { ok, type Reply } from '../../http/reply.ts';
import { publicKeyOf } from '../auth/token-endpoint.ts';
import { jobJson } from '../bulk/bulk-jobs.ts';
import type { SalesforceRequestContext } from '../http/endpoint.ts';
import { fullId } from '../ids.ts';
import { outboundSettingsSchema } from '../outbound/outbound-settings.ts';
import { duplicateRuleSchema, lockSchema, validationRuleSchema } from '../records/record-rules.ts';
import { badRequest, SalesforceError } from '../salesforce-error.ts';
import * as quiet from './quiet-actions.ts';
import * as records from './record-actions.ts';

const idSchema = z.string().transform((text, context) => {
  const id = fullId(text);
  if (id === null) context.addIssue({ code: 'custom', message: 'is not an id' });
  return id ?? '';
});
const rulesSchema = z.array(validationRuleSchema.extend({ ids: z.array(idSchema).optional() }));
const locksSchema = z.array(lockSchema.extend({ id: idSchema }));
const duplicatesSchema = z.array(duplicateRuleSchema.extend({ ids: z.array(idSchema) }));
const usageSchema = z.strictObject({ used: z.int().min(0).optional(), limit: z.int().min(0).optional() });
const tokensSchema = z.strictObject({ minutes: z.number().min(0) });
const appSchema = z.strictObject({
  /** A certificate or public key (PEM); null: the app accepts no assertions. */
  certificate: z.string().nullable().optional(),
  hasRunAs: z.boolean().optional(),
  preauthorized: z.boolean().optional(),
});
const userSchema = z.strictObject({ canCustomize: z.boolean() });
const bulkSchema = z.strictObject({
  unfinishedPolls: z.int().min(0).optional(),
  rowsPerPoll: z.int().min(1).optional(),
});

const CONTROLS: readonly Control<SalesforceRequestContext>[] = [
  ['post', '/activities', (context, req) => records.addActivity(context, req.body)],
  ['post', '/merge', (context, req) => records.merge(context, req.body)],
  ['post', '/convert', (context, req) => records.convert(context, req.body)],
  ['post', '/person-account', (context, req) => records.makePersonAccount(context, req.body)],
  ['post', '/records/:object', (context, req) => records.addRecord(context, part(req, 'object'), req.body)],
  ['get', '/records/:object/:id', (context, req) => records.showRecord(context, part(req, 'object'), part(req, 'id'))],
  [
    'patch',
    '/records/:object/:id',
    (context, req) => records.editRecord(context, part(req, 'object'), part(req, 'id'), req.body),
  ],
  [
    'delete',
    '/records/:object/:id',
    (context, req) => records.removeRecord(context, part(req, 'object'), part(req, 'id')),
  ],
  [
    'post',
    '/records/:object/:id/undelete',
    (context, req) => records.undelete(context, part(req, 'object'), part(req, 'id')),
  ],
  [
    'post',
    '/records/:object/:id/purge',
    (context, req) => records.purgeRecord(context, part(req, 'object'), part(req, 'id')),
  ],
  [
    'put',
    '/records/:object/:id/calculated',
    (context, req) => quiet.calculate(context, part(req, 'object'), part(req, 'id'), req.body),
  ],
  ['put', '/validation-rules', setValidationRules],
  ['put', '/duplicate-rules', setDuplicateRules],
  ['put', '/locks', setLocks],
  ['put', '/automation', setAutomation],
  ['put', '/hidden-fields', setHiddenFields],
  ['put', '/api-usage', setUsage],
  ['put', '/tokens', setTokens],
  ['post', '/tokens/expire', expireTokens],
  ['put', '/app', setApp],
  ['put', '/user', setUser],
  ['put', '/bulk', setBulk],
  ['put', '/outbound', setOutboundTarget],
  ['get', '/outbound', ({ outbound }) => ok(outbound.status())],
  ['delete', '/outbound', stopOutbound],
  ['get', '/jobs', ({ jobs, org }) => ok(jobs.all().map((job) => jobJson(job, org, 'info')))],
];

export function controlRouter(context: SalesforceRequestContext): Router {
  return routerOf(context, CONTROLS, {
    instant: records.instantSchema,
    toErrorReply: (error) => (error instanceof SalesforceError ? { status: error.status, body: error.body } : null),
  });
}

function setValidationRules({ rules }: SalesforceRequestContext, req: Request): Reply {
  rules.setValidation(rulesSchema.parse(req.body));
  return ok({});
}

function setDuplicateRules({ rules }: SalesforceRequestContext, req: Request): Reply {
  rules.setDuplicates(duplicatesSchema.parse(req.body));
  return ok({});
}

function setLocks({ rules }: SalesforceRequestContext, req: Request): Reply {
  rules.setLocks(new Map(locksSchema.parse(req.body).map(({ id, times }) => [id, times])));
  return ok({});
}

function setAutomation({ automation }: SalesforceRequestContext, req: Request): Reply {
  automation.set(req.body);
  return ok({});
}

function setHiddenFields({ org }: SalesforceRequestContext, req: Request): Reply {
  org.schema.hide(z.array(z.string()).parse(req.body));
  return ok({});
}

function setUsage({ usage, clock }: SalesforceRequestContext, req: Request): Reply {
  const { used, limit } = usageSchema.parse(req.body);
  if (limit !== undefined) usage.limit = limit;
  if (used !== undefined) usage.setUsed(used, clock.now());
  return ok({ used: usage.used(clock.now()), limit: usage.limit });
}

function setTokens({ sessions }: SalesforceRequestContext, req: Request): Reply {
  sessions.minutes = tokensSchema.parse(req.body).minutes;
  return ok({});
}

function expireTokens({ sessions }: SalesforceRequestContext): Reply {
  sessions.expireAll();
  return ok({});
}

function setApp({ app }: SalesforceRequestContext, req: Request): Reply {
  const { certificate, hasRunAs, preauthorized } = appSchema.parse(req.body);
  if (certificate !== undefined) app.publicKey = certificate === null ? null : keyOf(certificate);
  if (hasRunAs !== undefined) app.hasRunAs = hasRunAs;
  if (preauthorized !== undefined) app.preauthorized = preauthorized;
  return ok({});
}

function keyOf(certificate: string) {
  try {
    return publicKeyOf(certificate);
  } catch {
    throw badRequest('INVALID_CERTIFICATE', 'certificate: not a valid certificate or public key in PEM');
  }
}

function setUser(context: SalesforceRequestContext, req: Request): Reply {
  context.canCustomize = userSchema.parse(req.body).canCustomize;
  return ok({});
}

function setBulk({ jobs }: SalesforceRequestContext, req: Request): Reply {
  const { unfinishedPolls, rowsPerPoll } = bulkSchema.parse(req.body);
  if (unfinishedPolls !== undefined) jobs.unfinishedPolls = unfinishedPolls;
  if (rowsPerPoll !== undefined) jobs.rowsPerPoll = rowsPerPoll;
  return ok({});
}

function setOutboundTarget({ outbound }: SalesforceRequestContext, req: Request): Reply {
  outbound.setTarget(outboundSettingsSchema.parse(req.body));
  return ok({});
}

function stopOutbound({ outbound }: SalesforceRequestContext): Reply {
  outbound.stop();
  return ok({});
}

function part(req: Request, name: string): string {
  return z.string().parse(req.params[name]);
}

// The control API under /_sandbox/: user actions in HubSpot, webhooks, clock, faults and log. It
// needs no token.
import type { Request, Router } from 'express';
import { z } from 'zod';
import { type Control, controlRouter as routerOf } from '../../http/control-router.ts';
import type { HubSpotRequestContext } from '../http/endpoint.ts';
import { HubSpotError } from '../hubspot-error.ts';
import * as deals from './deal-actions.ts';
import * as marketing from './marketing-actions.ts';
import * as people from './people-actions.ts';
import * as settings from './portal-actions.ts';
import * as quiet from './quiet-actions.ts';
import * as webhooks from './webhook-actions.ts';

const CONTROLS: readonly Control<HubSpotRequestContext>[] = [
  ['post', '/activities', ({ portal }, req) => people.addActivity(portal, req.body)],
  ['patch', '/activities/:object/:id', ({ portal }, req) => people.editActivity(portal, req.params, req.body)],
  ['delete', '/activities/:object/:id', ({ portal }, req) => people.deleteActivity(portal, req.params)],
  ['post', '/contacts', ({ portal }, req) => people.addContact(portal, req.body)],
  ['get', '/contacts/:id', ({ portal }, req) => people.showRecord(portal, 'contacts', idOf(req))],
  ['patch', '/contacts/:id', ({ portal }, req) => people.editRecord(portal, 'contacts', idOf(req), req.body)],
  ['delete', '/contacts/:id', ({ portal }, req) => people.deleteContact(portal, idOf(req))],
  ['post', '/contacts/:id/restore', ({ portal }, req) => people.restoreContact(portal, idOf(req))],
  ['post', '/contacts/:id/privacy-deletion', ({ portal }, req) => people.eraseContact(portal, idOf(req))],
  ['put', '/contacts/:id/counters', ({ portal }, req) => people.setCounters(portal, idOf(req), req.body)],
  ['put', '/contacts/:id/salesforce-ids', ({ portal }, req) => people.setSalesforceIds(portal, idOf(req), req.body)],
  ['get', '/companies/:id', ({ portal }, req) => people.showRecord(portal, 'companies', idOf(req))],
  ['patch', '/companies/:id', ({ portal }, req) => people.editRecord(portal, 'companies', idOf(req), req.body)],
  ['post', '/deals', ({ portal }, req) => deals.addDeal(portal, req.body)],
  ['patch', '/deals/:id', ({ portal }, req) => deals.changeDeal(portal, idOf(req), req.body)],
  ['delete', '/deals/:id', ({ portal }, req) => deals.deleteDeal(portal, idOf(req))],
  [
    'put',
    '/deals/:id/contacts/:contact',
    ({ portal }, req) => deals.linkContact(portal, idOf(req), idOf(req, 'contact')),
  ],
  [
    'delete',
    '/deals/:id/contacts/:contact',
    ({ portal }, req) => deals.unlinkContact(portal, idOf(req), idOf(req, 'contact')),
  ],
  ['post', '/pipelines/:id/stages', ({ portal }, req) => deals.addStage(portal, idOf(req), req.body)],
  ['post', '/merge', ({ portal }, req) => people.mergeContactRecords(portal, req.body)],
  ['put', '/associations', ({ portal }, req) => people.setCompany(portal, req.body)],
  ['delete', '/associations', ({ portal }, req) => people.clearCompany(portal, req.body)],
  ['put', '/association-labels', ({ portal }, req) => people.labelCompany(portal, req.body)],
  ['put', '/contacts/:id/emails', ({ portal }, req) => people.setSecondaryEmails(portal, idOf(req), req.body)],
  ['post', '/forms', ({ portal }, req) => settings.addForm(portal, req.body)],
  ['delete', '/forms/:id', ({ portal }, req) => settings.deleteForm(portal, idOf(req), req.body)],
  ['put', '/archived-properties/:id', ({ portal }, req) => settings.archiveProperties(portal, idOf(req), req.body)],
  ['put', '/validation-rules', ({ portal }, req) => settings.setValidationRules(portal, req.body)],
  ['post', '/lists', ({ portal }, req) => marketing.createList(portal, req.body)],
  ['delete', '/lists/:id', ({ portal }, req) => marketing.deleteList(portal, idOf(req))],
  ['put', '/lists/:id/members', ({ portal }, req) => marketing.addToList(portal, idOf(req), req.body)],
  ['delete', '/lists/:id/members', ({ portal }, req) => marketing.removeFromList(portal, idOf(req), req.body)],
  ['post', '/marketing-events', ({ portal }, req) => marketing.createEvent(portal, req.body)],
  [
    'put',
    '/marketing-events/:id/participations',
    ({ portal }, req) => marketing.setParticipation(portal, idOf(req), req.body),
  ],
  ['put', '/lateness', ({ portal }, req) => quiet.setLateness(portal, req.body)],
  ['put', '/contacts/:id/calculated', ({ portal }, req) => quiet.calculate(portal, 'contacts', idOf(req), req.body)],
  ['put', '/companies/:id/calculated', ({ portal }, req) => quiet.calculate(portal, 'companies', idOf(req), req.body)],
  ['get', '/forms', ({ portal }) => quiet.showForms(portal)],
  ['patch', '/forms/:id', ({ portal }, req) => quiet.renameForm(portal, idOf(req), req.body)],
  [
    'delete',
    '/forms/:id/submissions/:submission',
    ({ portal }, req) => quiet.deleteSubmission(portal, idOf(req), idOf(req, 'submission')),
  ],
  ['delete', '/page-views/:id', ({ portal }, req) => quiet.deletePageView(portal, idOf(req))],
  ['patch', '/lists/:id', ({ portal }, req) => quiet.renameList(portal, idOf(req), req.body)],
  ['put', '/webhooks', (context, req) => webhooks.setWebhookTarget(context.webhooks, req.body)],
  ['delete', '/webhooks', (context) => webhooks.stopWebhooks(context.webhooks)],
  ['get', '/webhooks', (context) => webhooks.showStatus(context.webhooks)],
  ['post', '/webhooks/burst', (context, req) => webhooks.startBurst(context.webhooks, req.body)],
  ['post', '/webhooks/outage', (context, req) => webhooks.startOutage(context.webhooks, req.body)],
];

export function controlRouter(context: HubSpotRequestContext): Router {
  return routerOf(context, CONTROLS, {
    instant: people.instantSchema,
    toErrorReply: (error) => (error instanceof HubSpotError ? { status: error.status, body: error.body } : null),
  });
}

function idOf(req: Request, name = 'id'): string {
  return z.string().parse(req.params[name]);
}

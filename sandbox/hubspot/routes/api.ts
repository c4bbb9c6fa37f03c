// All paths of the HubSpot API that the sandbox implements; any other path is a 404.
import { type Request, type Response, Router } from 'express';
import { type Endpoint, type HubSpotRequestContext, serve } from '../http/endpoint.ts';
import { sendHubSpotReply } from '../http/send-hubspot-reply.ts';
import { unknownPath } from '../hubspot-error.ts';
import { accountDetails, dailyUsage } from './account.ts';
import { readAssociations } from './associations.ts';
import { getEmailCampaign, listEmailEvents } from './email-events.ts';
import { listEvents } from './events.ts';
import { listForms, listSubmissions } from './forms.ts';
import { listMembers, searchLists } from './lists.ts';
import { listMarketingEvents, listParticipations } from './marketing-events.ts';
import { listPipelines } from './pipelines.ts';
import * as properties from './properties.ts';
import { batchRead, getObject, listObjects, searchObjects } from './read-objects.ts';
import { batchUpdateContacts } from './write-contacts.ts';

const OBJECTS = '/crm/objects/:version';
const PROPERTIES = '/crm/properties/:version/:type';

// The first match wins, so fixed names come before parameters.
const ENDPOINTS: readonly (readonly ['get' | 'post' | 'patch' | 'delete', string, Endpoint])[] = [
  ['get', '/account-info/:version/details', accountDetails],
  ['get', '/account-info/:version/api-usage/daily/private-apps', dailyUsage],
  ['post', `${OBJECTS}/contacts/batch/update`, batchUpdateContacts],
  ['post', `${OBJECTS}/:type/batch/read`, batchRead],
  ['post', `${OBJECTS}/:type/search`, searchObjects],
  ['get', `${OBJECTS}/:type/:id`, getObject],
  ['get', `${OBJECTS}/:type`, listObjects],
  ['post', '/crm/associations/:version/:from/:to/batch/read', readAssociations],
  ['get', '/crm/pipelines/:version/:type', listPipelines],
  ['get', '/crm/limits/:version/custom-properties', properties.propertyLimits],
  ['get', `${PROPERTIES}/groups`, properties.listGroups],
  ['post', `${PROPERTIES}/groups`, properties.createGroup],
  ['get', `${PROPERTIES}/groups/:name`, properties.getGroup],
  ['post', `${PROPERTIES}/batch/create`, properties.createProperties],
  ['get', PROPERTIES, properties.listProperties],
  ['post', PROPERTIES, properties.createProperty],
  ['get', `${PROPERTIES}/:name`, properties.getProperty],
  ['patch', `${PROPERTIES}/:name`, properties.changeProperty],
  ['delete', `${PROPERTIES}/:name`, properties.deleteProperty],
  ['get', '/marketing/v3/forms', listForms],
  ['get', '/form-integrations/v1/submissions/forms/:guid', listSubmissions],
  ['get', '/events/event-occurrences/:version', listEvents],
  ['get', '/email/public/v1/events', listEmailEvents],
  ['get', '/email/public/v1/campaigns/:id', getEmailCampaign],
  ['post', '/crm/lists/:version/search', searchLists],
  ['get', '/crm/lists/:version/:listId/memberships/join-order', listMembers],
  ['get', '/marketing/marketing-events/:version', listMarketingEvents],
  ['get', '/marketing/marketing-events/:version/participations/:id/breakdown', listParticipations],
];

export function apiRouter(context: HubSpotRequestContext): Router {
  const router = Router({ strict: true, caseSensitive: true });
  for (const [method, path, endpoint] of ENDPOINTS) router[method](path, serve(context, endpoint));
  router.use(async (req: Request, res: Response) => {
    const exchange = context.exchanges.get(req);
    const { status, body } = unknownPath();
    if (exchange) await sendHubSpotReply(res, exchange, { status, body }, {});
  });
  return router;
}

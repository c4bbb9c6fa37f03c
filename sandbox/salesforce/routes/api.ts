// All paths of the Salesforce API that the sandbox implements; any other path is a 404.
import { type Request, type Response, Router } from 'express';
import { sendReply } from '../../http/send-reply.ts';
import { type Endpoint, type SalesforceRequestContext, serve } from '../http/endpoint.ts';
import { notFound } from '../salesforce-error.ts';
import { limits, listVersions } from './account.ts';
import * as ingest from './bulk-ingest.ts';
import * as bulkQuery from './bulk-query.ts';
import * as collections from './collections.ts';
import { nextPage, runQueryAll, runRestQuery, runToolingQuery } from './query.ts';
import * as sobjects from './sobjects.ts';
import * as tooling from './tooling.ts';

const COLLECTIONS = '/composite/sobjects';
const QUERY_JOBS = '/jobs/query';
const INGEST_JOBS = '/jobs/ingest';
const CUSTOM_FIELD = '/tooling/sobjects/CustomField';

// The first match wins, so fixed names come before parameters.
const ENDPOINTS: readonly (readonly ['get' | 'post' | 'put' | 'patch' | 'delete', string, Endpoint])[] = [
  ['get', '/limits', limits],
  ['get', '/query', runRestQuery],
  ['get', '/queryAll', runQueryAll],
  ['get', '/query/:locator', nextPage],
  ['get', '/queryAll/:locator', nextPage],
  ['get', '/sobjects', sobjects.listObjects],
  ['get', '/sobjects/:object/describe', sobjects.describe],
  ['post', '/sobjects/:object', sobjects.postRecord],
  ['get', '/sobjects/:object/:id', sobjects.getRecord],
  ['patch', '/sobjects/:object/:id', sobjects.patchRecord],
  ['patch', COLLECTIONS, collections.updateCollection],
  ['get', `${COLLECTIONS}/:object`, collections.getCollection],
  ['post', `${COLLECTIONS}/:object`, collections.postCollection],
  ['get', QUERY_JOBS, bulkQuery.listQueryJobs],
  ['post', QUERY_JOBS, bulkQuery.createQueryJob],
  ['get', `${QUERY_JOBS}/:id`, bulkQuery.getQueryJob],
  ['patch', `${QUERY_JOBS}/:id`, bulkQuery.abortQueryJob],
  ['delete', `${QUERY_JOBS}/:id`, bulkQuery.deleteQueryJob],
  ['get', `${QUERY_JOBS}/:id/results`, bulkQuery.getQueryResults],
  ['get', INGEST_JOBS, ingest.listIngestJobs],
  ['post', INGEST_JOBS, ingest.createIngestJob],
  ['get', `${INGEST_JOBS}/:id`, ingest.getIngestJob],
  ['patch', `${INGEST_JOBS}/:id`, ingest.changeIngestJob],
  ['delete', `${INGEST_JOBS}/:id`, ingest.deleteIngestJob],
  ['put', `${INGEST_JOBS}/:id/batches`, ingest.uploadRows],
  ['get', `${INGEST_JOBS}/:id/successfulResults`, ingest.getSuccesses],
  ['get', `${INGEST_JOBS}/:id/failedResults`, ingest.getFailures],
  ['get', `${INGEST_JOBS}/:id/unprocessedrecords`, ingest.getUnprocessed],
  ['get', '/tooling/query', runToolingQuery],
  ['get', '/tooling/sobjects/:object/describe', sobjects.describeTooling],
  ['post', CUSTOM_FIELD, tooling.createCustomField],
  ['get', `${CUSTOM_FIELD}/:id`, tooling.getCustomField],
  ['patch', `${CUSTOM_FIELD}/:id`, tooling.changeCustomField],
];

export function apiRouter(context: SalesforceRequestContext): Router {
  const router = Router({ caseSensitive: true });
  router.get('/', async (req: Request, res: Response) => {
    const exchange = context.exchanges.get(req);
    if (exchange) await sendReply(res, exchange, listVersions(), {});
  });
  for (const [method, path, endpoint] of ENDPOINTS) router[method](`/:version${path}`, serve(context, endpoint));
  router.use(
    '/:version',
    serve(context, () => {
      throw notFound();
    }),
  );
  return router;
}

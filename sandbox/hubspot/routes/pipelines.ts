// GET /crm/pipelines/{version}/deals: the pipelines with their stages. All metadata values are
// text, numbers included.
import { ok } from '../../http/reply.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { badRequest } from '../hubspot-error.ts';

const CREATED = { createdAt: '2024-01-01T00:00:00Z', updatedAt: '2024-01-01T00:00:00Z', archived: false };

export const listPipelines: Endpoint = {
  scopes: () => ['crm.objects.deals.read'],
  handle: (call) => {
    const type = call.param('type');
    if (type !== 'deals') throw badRequest(`Unable to infer object type from: ${type}`);
    const results = call.portal.pipelines.map(({ id, label, stages }, displayOrder) => ({
      id,
      label,
      displayOrder,
      ...CREATED,
      stages: stages.map((stage, at) => ({
        id: stage.id,
        label: stage.label,
        displayOrder: at,
        metadata: { isClosed: String(stage.isClosed), probability: stage.probability.toFixed(1) },
        writePermissions: 'CRM_PERMISSIONS_ENFORCEMENT',
        ...CREATED,
      })),
    }));
    return ok({ results });
  },
};

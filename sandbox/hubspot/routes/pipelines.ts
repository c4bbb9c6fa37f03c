// GET /crm/pipelines/{version}/deals: the pipelines with their stages. Metadata are texts, also where they mean a number.

import { ok } from '../../http/reply.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { badRequest } from '../hubspot-error.ts';

const MADE = { createdAt: '2024-01-01T00:00:00Z', updatedAt: '2024-01-01T00:00:00Z', archived: false };

export const listPipelines: Endpoint = {
  scopes: () => ['crm.objects.deals.read'],
  answer: (call) => {
    const type = call.param('type');
    if (type !== 'deals') throw badRequest(`Unable to infer object type from: ${type}`);
    const results = call.portal.pipelines.map(({ id, label, stages }, displayOrder) => ({
      id,
      label,
      displayOrder,
      ...MADE,
      stages: stages.map((stage, at) => ({
        id: stage.id,
        label: stage.label,
        displayOrder: at,
        metadata: { isClosed: String(stage.isClosed), probability: stage.probability.toFixed(1) },
        writePermissions: 'CRM_PERMISSIONS_ENFORCEMENT',
        ...MADE,
      })),
    }));
    return ok({ results });
  },
};

// The deal pipelines of one account. The second one has custom IDs and labels: a client that looks
// for "closedwon" misses its deals.
import { type PropertyDefinition, standardProperties } from '../properties/property-definition.ts';

export interface Stage {
  readonly id: string;
  readonly label: string;
  readonly isClosed: boolean;
  /** 0 to 1; a closed stage is won if it is 1. */
  readonly probability: number;
}

export interface Pipeline {
  readonly id: string;
  readonly label: string;
  readonly stages: readonly Stage[];
}

function stage(id: string, label: string, probability: number, isClosed = false): Stage {
  return { id, label, isClosed, probability };
}

// HubSpot's default pipeline.
const SALES: Pipeline = {
  id: 'default',
  label: 'Sales Pipeline',
  stages: [
    stage('appointmentscheduled', 'Appointment Scheduled', 0.2),
    stage('qualifiedtobuy', 'Qualified To Buy', 0.4),
    stage('presentationscheduled', 'Presentation Scheduled', 0.6),
    stage('decisionmakerboughtin', 'Decision Maker Bought-In', 0.8),
    stage('contractsent', 'Contract Sent', 0.9),
    stage('closedwon', 'Closed Won', 1, true),
    stage('closedlost', 'Closed Lost', 0, true),
  ],
};

const PARTNERS: Pipeline = {
  id: '48213957',
  label: 'Partnergeschäft',
  stages: [
    stage('98213411', 'Erstgespräch', 0.1),
    stage('98213412', 'Angebot verschickt', 0.5),
    stage('98213413', 'Gewonnen', 1, true),
    stage('98213414', 'Verloren', 0, true),
  ],
};

export const STANDARD_PIPELINES: readonly Pipeline[] = [SALES, PARTNERS];

const deal = standardProperties('dealinformation');
const stages = standardProperties('deal_stage_properties');

/**
 * The deal properties that depend on the pipelines: the options of stage and pipeline, and when a
 * deal entered each stage.
 */
export function pipelineProperties(pipelines: readonly Pipeline[]): readonly PropertyDefinition[] {
  const all = pipelines.flatMap((pipeline) => pipeline.stages.map((each) => ({ ...each, pipeline })));
  const named = Object.fromEntries(all.map(({ id, label, pipeline }) => [id, `${label} (${pipeline.label})`]));
  return [
    deal('dealstage', 'Deal Stage', 'enumeration', { options: named }),
    deal('pipeline', 'Pipeline', 'enumeration', {
      options: Object.fromEntries(pipelines.map(({ id, label }) => [id, label])),
    }),
    ...all.map(({ id, label, pipeline }) => {
      return stages(dateEntered(id), `Date entered "${label} (${pipeline.label})"`, 'datetime', { readOnly: true });
    }),
  ];
}

/** The property with the instant at which a deal last entered a stage. */
export function dateEntered(stageId: string): string {
  return `hs_v2_date_entered_${stageId}`;
}

// Measures the core beside rule engines and a hand-written loop, over the same leads and the same model. All results are compared
// first. Ratios of CPU time hold on any machine; microseconds do not.
//   npm run bench:engine -- --leads 20000 --rounds 7 --json engine.json
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadTitles } from '../../cli/product/files/load-titles.ts';
import type { Lead } from '../../src/domain/lead.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { scoreLead, scoreLeadOnly } from '../../src/scoring/score-lead.ts';
import { createTitleFields } from '../../src/titles/read-title.ts';
import { median } from '../measuring/median.ts';
import { openReport } from '../measuring/report.ts';
import { scoreByHand } from './by-hand.ts';
import { checkOutcomes } from './check-outcomes.ts';
import { NOW, randomLeads } from './leads.ts';
import { type Contestant, measureRounds } from './measure.ts';
import type { Outcome } from './outcome.ts';
import { jsonLogicEngine } from './peers/json-logic-engine.ts';
import { jsonRulesEngine } from './peers/json-rules-engine.ts';
import { zenDecisionTable } from './peers/zen-decision-table.ts';

const { values } = parseArgs({
  options: {
    leads: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '7' },
    json: { type: 'string' },
  },
});
const report = await openReport('engine', values.json);
const leads = randomLeads(Number(values.leads));
const file = 'bench/engine/model.yaml';
const { model, problems } = readModel(readFileSync(new URL('model.yaml', import.meta.url), 'utf8'), file);
if (!model) throw new Error(`${file} is not valid: ${JSON.stringify(problems)}`);
const compiled = compileModel(model);
const addFields = createTitleFields((await loadTitles()).dictionary);

const jsonRules = jsonRulesEngine();
const zen = zenDecisionTable();
const jsonLogic = jsonLogicEngine();
const ourOutcome = (lead: Lead): Outcome => {
  const { fit, behavior, grade, status, contributions } = scoreLead(lead, compiled, NOW);
  return { fit: fit.raw, behavior: behavior.exact, grade, status, lines: contributions };
};
await checkOutcomes(
  leads.slice(0, 2000),
  ourOutcome,
  new Map<string, (lead: Lead) => Outcome | Promise<Outcome>>([
    ['the hand-written loop', (lead) => scoreByHand(lead, [])],
    ['json-logic-engine', jsonLogic],
    ['json-rules-engine', jsonRules],
    ['the ZEN decision table', zen],
  ]),
);

const BY_HAND = 'hand-written loop, with contributions';
const OURS = 'Leadgrade, with contributions';

function each(name: string, score: (lead: Lead) => unknown): Contestant {
  const run = (count: number) => {
    for (let index = 0; index < count; index++) score(leads[index]!);
  };
  return { name, run, leads: leads.length };
}

/** A slow engine scores fewer leads a round. */
function eachAsync(name: string, share: number, score: (lead: Lead) => Promise<unknown>): Contestant {
  const run = async (count: number) => {
    for (let index = 0; index < count; index++) await score(leads[index]!);
  };
  return { name, run, leads: Math.ceil(leads.length * share) };
}

const contestants: readonly Contestant[] = [
  each('hand-written loop, totals only', (lead) => scoreByHand(lead, null)),
  each(BY_HAND, (lead) => scoreByHand(lead, [])),
  each(OURS, (lead) => scoreLeadOnly(lead, compiled, NOW)),
  each('Leadgrade, with next change', (lead) => scoreLead(lead, compiled, NOW)),
  each('Leadgrade, with next change and text', (lead) =>
    explain(scoreLead(lead, compiled, NOW), lead, compiled, NOW, { timezone: 'UTC' }),
  ),
  each('reading the job title, alone', (lead) => addFields(lead.fields)),
  each('json-logic-engine, compiled, totals only', jsonLogic),
  eachAsync('ZEN decision table, totals only', 1 / 20, zen),
  eachAsync('json-rules-engine, totals only', 1 / 50, jsonRules),
];

const times = await measureRounds(contestants, Number(values.rounds));
const medianOf = (name: string) => median(times.get(name) ?? []);
/** The median over the rounds of how much faster `name` is than `other`. */
const ratioOf = (name: string, other: string) =>
  median((times.get(name) ?? []).map((time, round) => (times.get(other)?.[round] ?? Number.NaN) / time));

const rows = contestants.map(({ name }) => ({
  name,
  microseconds_per_lead: medianOf(name),
  speed_beside_by_hand: ratioOf(name, BY_HAND),
  speed_of_leadgrade_beside_it: ratioOf(OURS, name),
}));
console.log(`${''.padEnd(42)} CPU µs/lead   beside by hand   Leadgrade beside it`);
for (const { name, microseconds_per_lead, speed_beside_by_hand, speed_of_leadgrade_beside_it } of rows) {
  const cells = [microseconds_per_lead.toFixed(2), `${speed_beside_by_hand.toFixed(3)}x`];
  const ours = `${speed_of_leadgrade_beside_it.toFixed(2)}x`;
  console.log(`${name.padEnd(42)} ${cells[0]?.padStart(11)} ${cells[1]?.padStart(16)} ${ours.padStart(21)}`);
}
await report.save({
  figures: rows.flatMap((row) => [
    { name: `${row.name}: CPU a lead`, value: row.microseconds_per_lead, unit: 'µs', kind: 'cpu' },
    {
      name: `${row.name}: speed beside the hand-written loop`,
      value: row.speed_beside_by_hand,
      unit: 'x',
      kind: 'ratio',
    },
    { name: `Leadgrade beside ${row.name}`, value: row.speed_of_leadgrade_beside_it, unit: 'x', kind: 'ratio' },
  ]),
  details: { leads: leads.length, rows },
});

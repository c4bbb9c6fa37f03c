// A plan as one HTML page without scripts, to be sent to those who decide.
import { GRADES } from '../../domain/score-result.ts';
import { modelName } from '../../domain/texts/model-name.ts';
import { wonWorseLines } from './band-table.ts';
import { matrixOf } from './matrix.ts';
import type { ModelPlan, Transition } from './plan-report.ts';
import { capacityUseLines, changesOf, costLines, isUnchanged, moveLine, otherTitle, type Plan } from './print-plan.ts';
import { bandLabels, NOT_SCORED } from './text-tables.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.25rem .75rem;border-bottom:1px solid #dde3e9;text-align:right}
th:first-child,td:first-child{text-align:left}.same{color:#8794a1}.moved{font-weight:600}h2{margin-top:2rem;font-size:1.1rem}`;

export function planPage(plan: Plan): string {
  const { model, as_of, moved, leads, better, worse, other_models } = plan;
  const title = `Plan: ${modelName(model.before)} to ${modelName(model.after)}`;
  const others = other_models.map((other) => {
    return `<h1>${escaped(otherTitle(other))}</h1>${isUnchanged(other) ? '' : modelParts(other)}`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1>
<p>As of ${escaped(as_of)}. Nothing was changed. ${moved} of ${leads} leads get another status: ${better} a better one, ${worse} a worse one.</p>
<h2>What changes in the model</h2>${list(changesOf(plan))}
${modelParts(plan)}
${others.join('\n')}
<h2>Cost</h2>${list(costLines(plan))}
${plan.warnings.length > 0 ? `<h2>Warnings</h2>${list(plan.warnings)}` : ''}
</body></html>
`;
}

/** The tables of one model. */
function modelParts(plan: ModelPlan): string {
  const { bands, won_deals } = plan;
  const labelOf = bandLabels(bands);
  return `<h2>Status, from (lines) to (columns)</h2>${matrix(
    plan.status,
    bands.map(({ id }) => id),
    labelOf,
  )}
<h2>Grade, from (lines) to (columns)</h2>${matrix(plan.grades, GRADES, (grade) => grade)}
<h2>Leads by band</h2>${table(
    ['', 'before', 'after', ...(won_deals > 0 ? ['won, before', 'won, after'] : [])],
    bands.map(({ label, before, after, won_before, won_after }) => [
      label,
      before,
      after,
      ...(won_deals > 0 ? [won_before, won_after] : []),
    ]),
  )}
${wonPart(plan)}
${plan.capacity.length > 0 ? `<h2>Capacity</h2>${list(capacityUseLines(plan))}` : ''}
<h2>Why leads move</h2>${table(
    ['', 'leads'],
    plan.reasons.map(({ reason, leads: each }) => [reason, each]),
  )}
<h2>Examples</h2>${list(plan.moves.map((move) => moveLine(move, labelOf)))}`;
}

function wonPart({ won_deals, won_worse, bands }: ModelPlan): string {
  if (won_deals === 0) return '';
  const worse = wonWorseLines(won_worse, bands, 'after');
  return `<p>won: ${won_deals} leads that won a deal in the last 92 days, by their band at that instant, with the fields of today.</p>${
    worse.length === 0 ? '' : list(worse)
  }`;
}

function matrix<T extends string>(
  cells: readonly Transition<T>[],
  known: readonly T[],
  labelOf: (value: T) => string,
): string {
  const { values, leads: leadsOf } = matrixOf(cells, known);
  const label = (value: T | null) => escaped(value === null ? NOT_SCORED : labelOf(value));
  const rows = values.map((from) => {
    const entries = values.map((to) => {
      const leads = leadsOf(from, to);
      return leads === 0 ? '<td></td>' : `<td class="${from === to ? 'same' : 'moved'}">${leads}</td>`;
    });
    return `<tr><th>${label(from)}</th>${entries.join('')}</tr>`;
  });
  return `<table><tr><th></th>${values.map((to) => `<th>${label(to)}</th>`).join('')}</tr>${rows.join('')}</table>`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = (row: readonly (string | number)[], tag: string) =>
    row.map((cell) => `<${tag}>${escaped(String(cell))}</${tag}>`).join('');
  return `<table><tr>${cells(head, 'th')}</tr>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</table>`;
}

function list(lines: readonly string[]): string {
  return `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
}

/** Labels of the model and names of signals are texts of people. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

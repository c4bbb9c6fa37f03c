// A slow reference implementation of scoring, without looking ahead. Shares no code with the
// product.
import { condition, isUnknown, type Json } from './naive-conditions.ts';

const E = 1e-9;
const MS: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
const ms = (text: string) => Number(text.slice(0, -1)) * MS[text.at(-1)!]!;
const round = (x: number) => (x < 0 ? -Math.floor(-x + 0.5 + E) : Math.floor(x + 0.5 + E)) + 0;
const sum = (all: number[]) => all.reduce((a, b) => a + b, 0);
const outcomeOf = (kleene: boolean | undefined) =>
  kleene === undefined ? 'unknown' : kleene ? 'matched' : 'unmatched';

interface Line {
  signal: string;
  outcome: string;
  exact: number;
  label: string;
}

function fitOf(model: Json, fields: Json) {
  const criteria: Json[] = model.fit?.criteria ?? [];
  let [raw, attainable, known] = [0, 0, 0];
  const lines: Line[] = criteria.map((criterion) => {
    const best = Math.max(0, ...criterion.cases.map((each: Json) => each.points));
    const tried = criterion.cases.map((each: Json) => condition(each.when, fields, criterion.field));
    const hit = criterion.cases[tried.indexOf(true)];
    const outcome = hit ? 'matched' : tried.includes(undefined) ? 'unknown' : 'unmatched';
    attainable += best;
    if (outcome !== 'unknown') known += best;
    raw += hit?.points ?? 0;
    return {
      signal: criterion.id,
      outcome,
      exact: hit?.points ?? 0,
      label: hit?.label ?? criterion.label ?? criterion.id,
    };
  });
  const coverage = attainable === 0 ? 0 : known / attainable;
  let grade = 'F';
  if (coverage === 0 || coverage < (model.fit?.min_coverage ?? 0) - E) grade = 'Ungraded';
  else {
    const thresholds = { A: 75, B: 50, C: 25, D: 0, ...model.fit?.grades };
    for (const each of ['D', 'C', 'B', 'A']) if ((100 * raw) / attainable >= thresholds[each] - E) grade = each;
  }
  const order = 'ABCDF';
  const active = (model.fit?.overrides ?? []).filter((each: Json) => condition(each.when, fields) === true);
  for (const { min_grade } of active) {
    if (min_grade && (grade === 'Ungraded' || order.indexOf(min_grade) < order.indexOf(grade))) grade = min_grade;
  }
  const limits = active
    .map((each: Json) => each.max_grade)
    .filter(Boolean)
    .sort()
    .reverse();
  if (limits.length > 0) {
    if (grade === 'Ungraded') grade = 'DF'.includes(limits[0]) ? limits[0] : grade;
    else if (order.indexOf(limits[0]) > order.indexOf(grade)) grade = limits[0];
  }
  return { raw, attainable, coverage, grade, lines };
}

function decayOf(signal: Json, behavior: Json): (age: number) => number {
  const halving = (text: string) => (text === 'none' ? () => 1 : (age: number) => 2 ** (-age / ms(text)));
  const linear = (text: string) => (age: number) => Math.max(0, 1 - age / ms(text));
  if (signal.half_life) return halving(signal.half_life);
  if (signal.lifetime) return linear(signal.lifetime);
  return behavior.decay === 'linear' ? linear(behavior.lifetime ?? '90d') : halving(behavior.half_life ?? '30d');
}

function signalOf(
  signal: Json,
  behavior: Json,
  lead: Json,
  past: Json[],
  now: number,
): { outcome: string; exact: number } {
  if (signal.when) {
    const kleene = condition(signal.when, lead.fields ?? {});
    return { outcome: outcomeOf(kleene), exact: kleene ? signal.points : 0 };
  }
  const source = signal.absent ?? signal;
  const types = [source.activity, source.requires_activity];
  if ((lead.unobserved ?? []).some((type: string) => types.includes(type))) return { outcome: 'unknown', exact: 0 };
  const ages = past
    .filter((each) => each.type === source.activity)
    .filter((each) =>
      Object.entries(source.where ?? {}).every(
        ([name, when]) => condition(when as Json, each.attributes ?? {}, name) === true,
      ),
    )
    .map((each) => now - Date.parse(each.at))
    .sort((a, b) => a - b);
  if (signal.absent) {
    const created = lead.fields?.['contact.created_at'];
    if (isUnknown(created) || Number.isNaN(Date.parse(created))) return { outcome: 'unknown', exact: 0 };
    const span = ms(source.for);
    const required = !source.requires_activity || past.some((each) => each.type === source.requires_activity);
    const holds = !ages.some((age) => age < span) && now - Date.parse(created) >= span && required;
    return { outcome: outcomeOf(holds), exact: holds ? signal.points : 0 };
  }
  const decay = decayOf(signal, behavior);
  if (signal.tiers) {
    const n = ages.filter((age) => age < ms(signal.window ?? '90d')).length;
    const reached = signal.tiers.filter((tier: Json) => tier.count <= n);
    if (reached.length === 0) return { outcome: 'unmatched', exact: 0 };
    const top = reached.reduce((a: Json, b: Json) => (b.count > a.count ? b : a));
    return { outcome: 'matched', exact: top.points * decay(ages[0]!) };
  }
  const counted = ages.slice(0, signal.max_count ?? 1);
  return { outcome: outcomeOf(counted.length > 0), exact: sum(counted.map((age) => signal.points * decay(age))) };
}

function behaviorOf(model: Json, lead: Json, now: number) {
  const behavior: Json = model.behavior ?? { signals: [], min: 'none' };
  const seen = new Set<string>();
  const unique = (lead.activities ?? []).filter((each: Json) => {
    const fresh = !seen.has(String(each.id));
    seen.add(String(each.id));
    return fresh;
  });
  const past = unique.filter((each: Json) => Date.parse(each.at) <= now);
  const lines: Line[] = behavior.signals.map((signal: Json) => {
    return { signal: signal.id, label: signal.label ?? signal.id, ...signalOf(signal, behavior, lead, past, now) };
  });
  const exactOf = (id: string) => lines.find((line) => line.signal === id)!.exact;
  const cuts: Line[] = [];
  for (const group of behavior.groups ?? []) {
    const groupSum = sum(group.signals.map(exactOf));
    const limited = Math.max(group.min ?? -Infinity, Math.min(group.max ?? Infinity, groupSum));
    const exact = limited - groupSum;
    const line = { signal: `cap:${group.id}`, outcome: 'matched', exact, label: group.label ?? group.id };
    if (Math.abs(line.exact) > E) cuts.push(line);
  }
  const unlimited = sum([...lines, ...cuts].map((line) => line.exact));
  const floor = behavior.min === 'none' ? -Infinity : (behavior.min ?? 0);
  const exact = Math.max(floor, Math.min(behavior.max ?? Infinity, unlimited));
  if (Math.abs(exact - unlimited) > E) {
    cuts.push({ signal: 'limit:behavior', outcome: 'matched', exact: exact - unlimited, label: 'limit:behavior' });
  }
  return { exact, signals: lines, lines: [...lines, ...cuts] };
}

function apportioned(dimension: string, lines: Line[], score: number) {
  const points = lines.map((line) => Math.floor(line.exact));
  const waiting = lines.map((_, index) => index);
  for (let missing = score - sum(points); missing > 0 && waiting.length > 0; missing--) {
    let best = waiting[0]!;
    for (const index of waiting) {
      const [a, b] = [lines[index]!, lines[best]!];
      const remainder = a.exact - Math.floor(a.exact) - (b.exact - Math.floor(b.exact));
      const isTie = Math.abs(remainder) <= E;
      const isSame = Math.abs(a.exact - b.exact) <= E;
      if (!isTie ? remainder > 0 : !isSame ? a.exact > b.exact : a.signal < b.signal) best = index;
    }
    points[best]!++;
    waiting.splice(waiting.indexOf(best), 1);
  }
  return lines.map((line, index) => ({ dimension, ...line, points: points[index]! + 0 }));
}

/** The thresholds of the result, and those of bands that have none yet, of which the result shows nothing new. */
function movingThresholds(bands: Json[], previous: number, value: number, context: Json) {
  const { earlier, basis } = context;
  const [thresholds, pending]: [Json, Json] = [{}, {}];
  const before = earlier && (basis === 'fit' ? 0 : earlier.behavior) + (basis === 'behavior' ? 0 : earlier.fit);
  const isKnown = earlier !== undefined && (value === before || !earlier.isByOtherModel);
  bands.forEach(({ id, at_least }: Json, index: number) => {
    if (!at_least?.top && !at_least?.capacity) return;
    const isIn = previous !== -1 && previous <= index;
    const kept = isKnown && at_least.capacity ? (earlier.thresholds?.[id] ?? context.firstThresholds?.[id]) : undefined;
    const held = kept === undefined ? undefined : Math.max(at_least.floor, kept);
    if (context.pending?.includes(id)) {
      pending[id] = isIn ? at_least.floor : Infinity;
      if (held !== undefined && value === before) thresholds[id] = held;
      return;
    }
    const now = Math.max(at_least.floor, context.thresholds?.[id] ?? -Infinity);
    const canMove = held === undefined || (isIn ? value < before : value > before);
    thresholds[id] = canMove ? now : isIn ? Math.min(now, held) : Math.max(now, held);
  });
  return { thresholds, pending };
}

function statusOf(model: Json, lead: Json, position: Json, context: Json) {
  const { bands, gates = [], basis = 'total', behavior_levels = {} } = model.status;
  const { grade, fit, behavior, signals } = position;
  const value = basis === 'fit' ? fit : basis === 'behavior' ? behavior : fit + behavior;
  const reachedLevels = Object.entries<number>(behavior_levels).filter(([, from]) => from <= behavior + E);
  const level = reachedLevels.sort(([, a], [, b]) => b - a)[0]?.[0];
  const cell = grade === 'Ungraded' || level === undefined ? null : grade + level;
  const indexOf = (id: string | undefined) => bands.findIndex((band: Json) => band.id === id);
  const previous = indexOf(context.previousStatus);
  const strong = signals.filter((line: Line) => line.exact >= 1 - E).map((line: Line) => line.signal);
  const { thresholds, pending } = movingThresholds(bands, previous, value, { basis, ...context });
  const chosen = bands.findIndex((band: Json, index: number) => {
    if (index === bands.length - 1) return true;
    if (basis === 'matrix' && !band.cells.includes(cell)) return false;
    if (basis !== 'matrix') {
      const moving = pending[band.id] ?? thresholds[band.id];
      const base = typeof band.at_least === 'number' ? band.at_least : (moving ?? band.at_least.points);
      const slack = previous !== -1 && previous <= index ? (band.at_least.hysteresis ?? 0) : 0;
      if (value < base - slack - E) return false;
    }
    const r = band.requires ?? {};
    if (r.min_grade && !'ABCDF'.slice(0, 'ABCDF'.indexOf(r.min_grade) + 1).includes(grade)) return false;
    if (r.exclude_grades?.includes(grade)) return false;
    if (r.min_behavior !== undefined && behavior < r.min_behavior - E) return false;
    if (r.min_fit !== undefined && fit < r.min_fit - E) return false;
    if (r.min_signals !== undefined && strong.length < r.min_signals) return false;
    return !r.any_signal || r.any_signal.some((id: string) => strong.includes(id));
  });
  const capping = gates.filter((gate: Json) => {
    return condition(gate.unless, lead.fields ?? {}) !== true && indexOf(gate.max_band) > chosen;
  });
  const index = Math.max(chosen, ...capping.map((gate: Json) => indexOf(gate.max_band)));
  const listed = capping.map((gate: Json) => ({ id: gate.id, label: gate.label ?? gate.id, max_band: gate.max_band }));
  return { status: bands[index].id, cell, gates: listed, thresholds };
}

/** The result at `now` (epoch ms), without `next_change_at`. */
export function naiveScore(lead: Json, model: Json, now: number, context: Json = {}) {
  const fit = fitOf(model, lead.fields ?? {});
  const behavior = behaviorOf(model, lead, now);
  const scores = { fit: round(fit.raw), behavior: round(behavior.exact) };
  const position = { grade: fit.grade, ...scores, signals: behavior.signals };
  return {
    grade: fit.grade,
    coverage: fit.coverage,
    raw: fit.raw,
    attainable: fit.attainable,
    exact: behavior.exact,
    ...scores,
    ...statusOf(model, lead, position, context),
    contributions: [
      ...apportioned('fit', fit.lines, scores.fit),
      ...apportioned('behavior', behavior.lines, scores.behavior),
    ],
  };
}

// What moved the leads, as sentences for the log, `doctor` and the error list.
import type { GuardNumbers } from '../../src/domain/limits/guard.ts';
import { lineTexts } from '../../src/scoring/line-texts.ts';
import { countEmpty, describeMovement, type Movement } from '../../src/store/guard/movement.ts';
import { listUnreadableFields, type StoredUnreadableField } from '../../src/store/guard/unreadable-fields.ts';
import type { JobContext, ScoredModel } from '../context.ts';

/** `184 of 900 leads (20.4 %) would leave their band ...: 180 of them because of "Industry": ...` */
export async function describeMove(
  context: JobContext,
  model: ScoredModel,
  { moved, leads }: Pick<GuardNumbers, 'moved' | 'leads'>,
): Promise<string> {
  const { db, crms, clock, models } = context;
  const movement = await describeMovement(db, model.key, clock.now());
  const unreadable = await listUnreadableFields(db, [...crms.keys()]);
  const percent = Math.round((1_000 * moved) / leads) / 10;
  const cause = await describeCause(context, model, movement, unreadable);
  const written = movement.written === 0 ? '' : ` ${movement.written} of them were written before.`;
  const by = models.filter(({ role }) => role === 'live').length > 1 ? ` of ${model.name}` : '';
  return `${moved} of ${leads} leads${by} (${percent} %) would leave their band without a change of the model${cause}.${written}`;
}

async function describeCause(
  context: JobContext,
  { compiled }: ScoredModel,
  { signals }: Movement,
  unreadable: readonly StoredUnreadableField[],
): Promise<string> {
  const first = signals.find(({ signal }) => signal !== null);
  if (first === undefined || first.signal === null) return '';
  const { signal, leads } = first;
  const label = lineTexts(compiled).get(signal)?.at(-1)?.label ?? signal;
  const facts: string[] = [];
  const fields = new Set(fieldsOf(compiled, signal).map((field) => FROM_TITLE.get(field) ?? field));
  for (const field of fields) facts.push(await describeField(context, field, unreadable));
  const known = facts.filter((fact) => fact !== '');
  return `: ${leads} of them because of "${label}"${known.length === 0 ? '' : ` (${known.join('; ')})`}`;
}

/** Fields that are made from another one. */
const FROM_TITLE: ReadonlyMap<string, string> = new Map([
  ['contact.title_level', 'contact.job_title'],
  ['contact.title_department', 'contact.job_title'],
]);

/** The fields that a criterion or a state signal reads. */
function fieldsOf(compiled: ScoredModel['compiled'], id: string): readonly string[] {
  const criterion = compiled.fit.criteria.find((each) => each.id === id);
  if (criterion !== undefined) return criterion.fields;
  const signal = compiled.behavior.signals.find((each) => each.id === id);
  return signal?.kind === 'state' ? signal.fields : [];
}

async function describeField(
  { db, clock }: JobContext,
  field: string,
  unreadable: readonly StoredUnreadableField[],
): Promise<string> {
  const reasons = new Set(unreadable.filter((each) => each.field === field).map(({ reason }) => reason));
  if (reasons.size > 0) return `${field} is unknown: ${[...reasons].join(', ')}`;
  const empty = await countEmpty(db, field, clock.now());
  if (empty.now <= empty.before) return '';
  return `${field} is empty in ${empty.now} records, and was in ${empty.before} a day ago`;
}

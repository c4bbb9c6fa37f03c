// What `leadgrade doctor` says of Salesforce: login, objects, our fields, what cannot be seen, calls left, clock; each problem with
// its fix. Nothing is changed.
import { z } from 'zod';
import type { Account, SetupCheck, WriteTarget } from '../../../src/crm/connector.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { linkProperties } from '../../../src/mapping/project-links.ts';
import { runSetupCheck } from '../../kit/setup-check.ts';
import { PEOPLE, textOf } from '../people/person-mapping.ts';
import type { DescribedField } from '../query/describe.ts';
import { invisibleObject, readRows } from '../query/query.ts';
import type { SalesforceParts, StreamReader } from '../streams/stream.ts';
import { activeValues, missingValues, type WantedField, wantedFields, wrongType } from './score-fields.ts';

type CheckParts = SalesforceParts & { readonly readers: readonly StreamReader[] };

const SETUP = 'Run leadgrade setup, or deploy apps/salesforce.';
const EDIT =
  'Let the integration user edit it, by the permission set Leadgrade Integration of apps/salesforce, or by one of your own.';
const GRANT = 'Give the integration user the permission set Leadgrade Integration; leadgrade setup makes it.';

/** Never throws for what it finds; only when aborted. */
export async function checkSetup(
  parts: CheckParts,
  target: WriteTarget,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const login = await runSetupCheck({ what: 'login', level: 'problem' }, signal, () => checkLogin(parts, signal));
  // Without a login every further check would say the same.
  if (login.some((check) => check.level === 'problem')) return login;
  parts.schema.forget();
  const fields = wantedFields(parts.mapping, target);
  const checks: SetupCheck[] = [...login];
  for (const object of PEOPLE) {
    const ours = fields.filter((field) => field.object === object);
    checks.push(
      ...(await runSetupCheck({ what: object, level: 'problem' }, signal, () =>
        checkObject(parts, object, ours, signal),
      )),
    );
  }
  for (const reader of parts.readers) {
    const what = `reading ${reader.stream.id}`;
    const level = reader.needed === true ? 'problem' : 'warning';
    checks.push(...(await runSetupCheck({ what, level }, signal, () => checkStream(reader, what, level, signal))));
  }
  checks.push(
    ...(await runSetupCheck({ what: 'API calls', level: 'warning' }, signal, () => checkUsage(parts, signal))),
  );
  checks.push(...(await runSetupCheck({ what: 'clock', level: 'warning' }, signal, () => checkClock(parts, signal))));
  return checks;
}

/** @throws ConnectorError `auth` when the login is not accepted */
export async function describeAccount(parts: SalesforceParts, signal: AbortSignal): Promise<Account> {
  const fields = ['Name', 'OrganizationType', 'IsSandbox', 'TimeZoneSidKey'];
  const { rows } = await readRows(parts, { what: 'reading the org', from: 'Organization', fields, limit: 1 }, signal);
  const org = rows[0];
  if (org === undefined) throw invisibleObject('reading the org', 'Organization');
  const edition = textOf(org.values.OrganizationType);
  const kind = [edition, org.values.IsSandbox === true ? 'sandbox' : null].filter((part) => part !== null).join(', ');
  const name = `org ${[textOf(org.values.Name), org.id].filter((part) => part !== null).join(' ')}`;
  return {
    id: org.id,
    name: kind === '' ? name : `${name} (${kind})`,
    timezone: textOf(org.values.TimeZoneSidKey),
  };
}

async function checkLogin(parts: CheckParts, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const { id, name } = await describeAccount(parts, signal);
  const wanted = parts.settings.SALESFORCE_ORG_ID;
  // The last three of 18 characters are a checksum, which many a page leaves out.
  if (wanted === undefined || wanted.slice(0, 15) === id.slice(0, 15)) {
    return [{ what: 'login', level: 'ok', detail: `accepted by ${name}` }];
  }
  const detail = `this is ${name}, not the org ${wanted} of SALESFORCE_ORG_ID`;
  return [{ what: 'login', level: 'problem', detail, fix: 'Correct SALESFORCE_LOGIN_URL or SALESFORCE_ORG_ID.' }];
}

async function checkObject(
  parts: CheckParts,
  object: string,
  ours: readonly WantedField[],
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const described = await parts.schema.object(object, signal);
  if (described === null || !described.queryable) {
    const { message, fix = EDIT } = invisibleObject(`reading ${object} records`, object);
    return [{ what: object, level: 'problem', detail: message, fix }];
  }
  const access: SetupCheck = described.updateable
    ? { what: object, level: 'ok', detail: 'may be read and edited' }
    : { what: object, level: 'problem', detail: 'may be read, but not edited', fix: EDIT };
  return [
    access,
    ...ours.map((field) => checkField(field, described.fields.get(field.name.toLowerCase()))),
    ...(await unseenSources(parts, object, signal)),
  ];
}

function checkField(wanted: WantedField, there: DescribedField | undefined): SetupCheck {
  const what = `field ${wanted.fullName}`;
  // What reps answer in may be missing: nothing else waits for it.
  const level = wanted.isScore ? 'problem' : 'warning';
  if (there === undefined) {
    const detail = 'does not exist, or the integration user may not see it';
    return { what, level, detail, fix: `${SETUP} ${GRANT}`, bySetup: true };
  }
  const wrong = wrongType(wanted, there);
  if (wrong !== null) {
    const fix = 'Give our field another name under write_back in the mapping, or change the field in Salesforce.';
    return { what, level, detail: wrong, fix };
  }
  if (wanted.isScore && !there.updateable) {
    return { what, level, detail: 'may be read, but not edited', fix: GRANT, bySetup: true };
  }
  const missing = missingValues(wanted, activeValues(there)).map(({ value }) => value);
  if (missing.length === 0) return { what, level: 'ok', detail: `${there.type}, as it should be` };
  const detail = `lacks the values ${missing.join(', ')}`;
  // A list that is not restricted takes them all the same, without a label.
  return { what, level: there.restrictedPicklist ? level : 'warning', detail, fix: SETUP, bySetup: true };
}

/** A field that is hidden is unknown for every lead, without any error. */
async function unseenSources(parts: CheckParts, object: string, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const mapped = [...new Set([...mappedProperties(parts.mapping, object), ...linkProperties(parts.mapping, object)])];
  const visible = new Set((await parts.schema.visible(object, mapped, signal)).map((path) => path.toLowerCase()));
  return mapped
    .filter((path) => !visible.has(path.toLowerCase()))
    .map((path) => ({
      what: `field ${object}.${path}`,
      level: 'warning',
      detail: 'the mapping reads it, but it does not exist or the integration user may not see it',
      fix: 'Let the integration user read it (field-level security), or remove it under fields in the mapping.',
    }));
}

async function checkStream(
  { stream, sight }: StreamReader,
  what: string,
  level: SetupCheck['level'],
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const denied = await sight(signal);
  if (denied === null) return [{ what, level: 'ok', detail: 'allowed' }];
  const types = stream.activityTypes.join(', ');
  const lost = types === '' ? '' : ` Until then ${types} cannot be seen.`;
  return [{ what, level, detail: denied.reason, fix: `${denied.fix}${lost}` }];
}

const limitsAnswer = z.looseObject({ DailyApiRequests: z.looseObject({ Max: z.number(), Remaining: z.number() }) });

async function checkUsage({ http, settings }: CheckParts, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const what = 'API calls';
  const { DailyApiRequests } = await http.call(
    { what: 'reading the limits', path: '/limits', answer: limitsAnswer },
    signal,
  );
  const { Max, Remaining } = DailyApiRequests;
  const used = Max - Remaining;
  const most = Math.floor(Max * settings.SALESFORCE_DAILY_QUOTA_SHARE);
  const detail = `${used} of ${Max} calls of 24 hours are used; Leadgrade stops at ${most}`;
  if (used < most * 0.8) return [{ what, level: 'ok', detail }];
  const fix =
    'See what else calls the org so often, get more API calls from Salesforce, or raise SALESFORCE_DAILY_QUOTA_SHARE, the share that Leadgrade may use.';
  return [{ what, level: 'warning', detail, fix }];
}

const LARGEST_SKEW_MS = 60_000;

async function checkClock({ http, clock }: CheckParts, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  const theirs = await http.now(signal);
  const skew = theirs - clock.now().getTime();
  const detail = `Salesforce's clock is ${Math.round(Math.abs(skew) / 1000)} s ${skew < 0 ? 'behind' : 'ahead of'} ours`;
  if (Math.abs(skew) <= LARGEST_SKEW_MS) return [{ what: 'clock', level: 'ok', detail }];
  const fix = "Set this machine's clock by NTP: assertions of a private key are refused else.";
  return [{ what: 'clock', level: 'warning', detail, fix }];
}

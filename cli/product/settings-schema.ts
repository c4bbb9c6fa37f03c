// The schema of Leadgrade's own settings, and the description of each for .env.example. A connector
// has a schema of its own for its settings.
import { z } from 'zod';
import { latestSlot } from '../../jobs/schedule/nightly-slot.ts';
import { MIN_ACTIVITY_DAYS } from '../../src/domain/limits/min-activity-days.ts';
import { closest } from '../../src/problems/suggest.ts';

const text = z.string().min(1);
const url = (protocol: RegExp, example: string) =>
  z.url({ protocol, error: `must be a URL: for example ${example}` }).describe(`e.g. ${example}`);
// HubSpot signs the URL that it was configured with, so the origin must be exactly what the
// operator typed there. The paths are fixed.
const publicUrl = url(/^https?$/, 'https://leadgrade.example.com').transform((given, context) => {
  const { origin } = new URL(given);
  if (given.replace(/\/+$/, '') === origin) return origin;
  const message = 'must be an address as browsers write it: without a path, query or user';
  context.addIssue({ code: 'custom', message, params: { write: origin } });
  return z.NEVER;
});
const token = z.string().min(16, { error: 'must have at least 16 characters: make one with openssl rand -hex 32' });

const isZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '' && /[a-z]/i.test(zone);
  } catch {
    return false;
  }
};

const timeZone = z.string().superRefine((zone, context) => {
  if (isZone(zone)) return;
  const zones = Intl.supportedValuesOf('timeZone');
  const city = zone.split('/').at(-1)?.replaceAll(' ', '_').toLowerCase();
  const meant = zones.find((each) => each.split('/').at(-1)?.toLowerCase() === city) ?? closest(zone, zones);
  const message = 'must be a time zone of the IANA: for example Europe/Berlin';
  context.addIssue({ code: 'custom', message, params: meant === null ? {} : { write: meant } });
});

const CRON_FORM = 'must be five fields (minute, hour, day, month, weekday): for example 0 2 * * *';

function isCron(cron: string): boolean {
  if (cron.trim().split(/\s+/).length !== 5) return false;
  try {
    latestSlot(cron, 'UTC', new Date(0));
    return true;
  } catch {
    return false;
  }
}

const WRITE_KEYS_FORM =
  'must be name:key, with commas between several: a key has at least 16 letters, digits or . _ ~ + / = -';
const writeKeys = z.string().transform((given, context) => {
  const keys = given.split(',').map((pair) => {
    const [, source = '', key = ''] = /^([a-z][a-z0-9_-]{0,31}):([\w.~+/=-]{16,200})$/.exec(pair.trim()) ?? [];
    return { source, key };
  });
  const isValid = keys.every(({ key }) => key !== '') && new Set(keys.map(({ key }) => key)).size === keys.length;
  if (!isValid) context.addIssue({ code: 'custom', message: `${WRITE_KEYS_FORM}, and none stands twice` });
  return keys;
});

const MAX_HISTORY_DAYS = 36_500;

function days(min: number) {
  const error = `must be whole days from ${min} to ${MAX_HISTORY_DAYS}: for example 400`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(MAX_HISTORY_DAYS, { error });
}

const GUARD_SHARE_FORM = 'must be a percentage from 0% to 100%: for example 20%';
const guardShare = z
  .string()
  .refine((given) => /^\d+(\.\d+)?%?$/.test(given) && Number.parseFloat(given) <= 100, { error: GUARD_SHARE_FORM });

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const settingsSchema = z.object({
  DATA_DIR: text.default('.leadgrade'),
  DATABASE_URL: url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/leadgrade').optional(),
  DATABASE_SESSION_URL: url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/leadgrade').optional(),
  REDIS_URL: url(/^rediss?$/, 'redis://host:6379').optional(),
  PORT: z.coerce
    .number({ error: 'must be a port from 0 to 65535: for example 3000' })
    .int()
    .min(0)
    .max(65_535)
    .default(3000),
  PUBLIC_URL: publicUrl.optional(),
  ADMIN_TOKEN: token.optional(),
  METRICS_TOKEN: token.optional(),
  EVENTS_WRITE_KEYS: writeKeys.optional(),
  TIMEZONE: timeZone.default('UTC'),
  NIGHTLY_CRON: z.string().refine(isCron, { error: CRON_FORM }).default('0 2 * * *'),
  MODEL_FILE: text.default('mappings/model.yaml'),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  POLL_SECONDS: z.coerce
    .number({ error: 'must be whole seconds from 5 to 86400: for example 60' })
    .int()
    .min(5)
    .max(86_400)
    .default(60),
  DEBOUNCE_SECONDS: z.coerce
    .number({ error: 'must be whole seconds from 0 to 3600: for example 5' })
    .int()
    .min(0)
    .max(3_600)
    .default(5),
  RECONCILE_DAYS: z.coerce
    .number({ error: 'must be whole days from 1 to 30: for example 3' })
    .int()
    .min(1)
    .max(30)
    .default(3),
  HISTORY_DAYS: days(30).default(400),
  STATUS_HISTORY_DAYS: days(30).default(730),
  MAX_SCORERS: z.coerce
    .number({ error: 'must be a whole number from 1 to 64: for example 4' })
    .int()
    .min(1)
    .max(64)
    .default(4),
  ACTIVITY_DAYS: days(MIN_ACTIVITY_DAYS).default(730),
  GUARD_SHARE: guardShare.default('20%'),
});

export type SettingName = keyof typeof settingsSchema.shape;
export type SettingValues = z.infer<typeof settingsSchema>;

interface SettingNotes {
  /** The comment in .env.example. */
  readonly about: string;
  /** Secret values are never printed. */
  readonly secret?: true;
}

/** In the order of .env.example. */
export const SETTING_NOTES: Readonly<Record<SettingName, SettingNotes>> = {
  DATA_DIR: { about: 'Folder of the embedded database, where DATABASE_URL is not set.' },
  DATABASE_URL: { about: 'Postgres 14 or newer: postgres://user:password@host:5432/leadgrade', secret: true },
  DATABASE_SESSION_URL: {
    about: 'The Postgres itself, where DATABASE_URL is a PgBouncer in transaction mode.',
    secret: true,
  },
  REDIS_URL: {
    about: 'Redis 7 for the queue (maxmemory-policy noeviction); without it the queue is in the database.',
    secret: true,
  },
  PORT: { about: 'Port of webhooks, health and metrics.' },
  PUBLIC_URL: {
    about:
      'The public address of that port: https://leadgrade.example.com, without a path. Needed to verify webhook signatures.',
    // It may contain a password.
    secret: true,
  },
  ADMIN_TOKEN: {
    about: 'Token for a dashboard and an API that do not exist yet. At least 16 characters: openssl rand -hex 32',
    secret: true,
  },
  METRICS_TOKEN: { about: 'Token for /metrics, and for the details of /readyz. At least 16 characters.', secret: true },
  EVENTS_WRITE_KEYS: {
    about: 'Write keys of POST /events for your site or product: website:KEY,product:KEY. At least 16 characters each.',
    secret: true,
  },
  TIMEZONE: { about: 'IANA time zone of the nightly job.' },
  NIGHTLY_CRON: { about: 'When the nightly job runs, in that zone: minute, hour, day, month, weekday.' },
  MODEL_FILE: {
    about:
      'The model file, or a list of several (docs/several-models.md). The first start applies it; later, npx leadgrade apply does.',
  },
  LOG_LEVEL: { about: `One of ${LOG_LEVELS.join(', ')}.` },
  POLL_SECONDS: { about: 'How often the CRMs are polled for changes, in addition to webhooks (seconds, 5 to 86400).' },
  DEBOUNCE_SECONDS: {
    about: 'A lead is read and scored at most once in this time; later events wait for its end (seconds, 0 to 3600).',
  },
  RECONCILE_DAYS: {
    about: 'The nightly job reads the changes of so many days once more, for what a CRM shows late (days, 1 to 30).',
  },
  HISTORY_DAYS: {
    about:
      'Past results that changed points only, and finished runs, are deleted after so many days (days, 30 to 36500).',
  },
  STATUS_HISTORY_DAYS: {
    about: 'Past results that changed the grade or the status are deleted after so many days (days, 30 to 36500).',
  },
  MAX_SCORERS: { about: 'So many worker processes score leads at a time, at most (1 to 64).' },
  ACTIVITY_DAYS: {
    about: `Activities and former field values are deleted after so many days, or later if the model looks back longer (days, ${MIN_ACTIVITY_DAYS} to 36500).`,
  },
  GUARD_SHARE: {
    about:
      'Nothing is written while more than this share of the leads is in another band without a change of the model; 0% = always written.',
  },
};

/** Default values by name, for .env.example. */
export function settingDefaults(): Readonly<Record<string, unknown>> {
  return settingsSchema.parse({});
}

// The schema of Leadgrade's own settings, and the description of each for .env.example. A connector
// has a schema of its own for its settings.
import { z } from 'zod';

const text = z.string().min(1);
const url = (protocol: RegExp, example: string) =>
  z.url({ protocol, error: `expected a URL like ${example}` }).describe(`e.g. ${example}`);
// HubSpot signs the URL that it was configured with, so the origin must be exactly what the
// operator typed there. The paths are fixed.
const publicUrl = url(/^https?$/, 'https://leadgrade.example.com').transform((given, context) => {
  const { origin } = new URL(given);
  if (given.replace(/\/+$/, '') === origin) return origin;
  const message = `expected ${origin}: an address as browsers write it, with no path, query or user`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});
const token = z.string().min(16, { error: 'expected at least 16 characters; make one with: openssl rand -hex 32' });

const isZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '' && /[a-z]/i.test(zone);
  } catch {
    return false;
  }
};

const WRITE_KEYS_FORM =
  'expected name:key, comma between several, each key of at least 16 letters, digits or . _ ~ + / = -';
const writeKeys = z.string().transform((given, context) => {
  const keys = given.split(',').map((pair) => {
    const [, source = '', key = ''] = /^([a-z][a-z0-9_-]{0,31}):([\w.~+/=-]{16,200})$/.exec(pair.trim()) ?? [];
    return { source, key };
  });
  const isValid = keys.every(({ key }) => key !== '') && new Set(keys.map(({ key }) => key)).size === keys.length;
  if (!isValid) context.addIssue({ code: 'custom', message: `${WRITE_KEYS_FORM}; no key twice` });
  return keys;
});

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const settingsSchema = z.object({
  DATA_DIR: text.default('.leadgrade'),
  DATABASE_URL: url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/leadgrade').optional(),
  REDIS_URL: url(/^rediss?$/, 'redis://host:6379').optional(),
  PORT: z.coerce.number({ error: 'expected a port number' }).int().min(0).max(65_535).default(3000),
  PUBLIC_URL: publicUrl.optional(),
  ADMIN_TOKEN: token.optional(),
  METRICS_TOKEN: token.optional(),
  EVENTS_WRITE_KEYS: writeKeys.optional(),
  TIMEZONE: z.string().refine(isZone, { error: 'expected an IANA time zone like Europe/Berlin' }).default('UTC'),
  NIGHTLY_CRON: z
    .string()
    .regex(/^\s*\S+(\s+\S+){4}\s*$/, { error: 'expected five cron fields like 0 2 * * *' })
    .default('0 2 * * *'),
  MODEL_FILE: text.default('mappings/model.yaml'),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  POLL_SECONDS: z.coerce.number({ error: 'expected seconds' }).int().min(5).max(86_400).default(60),
  DEBOUNCE_SECONDS: z.coerce.number({ error: 'expected seconds' }).int().min(0).max(3_600).default(5),
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
  REDIS_URL: {
    about: 'Redis 7 for the queue (maxmemory-policy noeviction); without it the queue is in the database.',
    secret: true,
  },
  PORT: { about: 'Port of webhooks, dashboard, health and metrics.' },
  PUBLIC_URL: {
    about:
      'The public address of that port: https://leadgrade.example.com, without a path. Needed to verify webhook signatures.',
    // It may contain a password.
    secret: true,
  },
  ADMIN_TOKEN: {
    about: 'Token for the dashboard and the API. At least 16 characters: openssl rand -hex 32',
    secret: true,
  },
  METRICS_TOKEN: { about: 'Token for /metrics, and for the details of /readyz. At least 16 characters.', secret: true },
  EVENTS_WRITE_KEYS: {
    about: 'Write keys of POST /events for your site or product: website:KEY,product:KEY. At least 16 characters each.',
    secret: true,
  },
  TIMEZONE: { about: 'IANA time zone of the nightly job.' },
  NIGHTLY_CRON: { about: 'When the nightly job runs, in that zone: minute, hour, day, month, weekday.' },
  MODEL_FILE: { about: 'The scoring model.' },
  LOG_LEVEL: { about: `One of ${LOG_LEVELS.join(', ')}.` },
  POLL_SECONDS: { about: 'How often the CRMs are polled for changes, in addition to webhooks (seconds, 5 to 86400).' },
  DEBOUNCE_SECONDS: {
    about: 'A lead is read and scored at most once in this time; later events wait for its end (seconds, 0 to 3600).',
  },
};

/** Default values by name, for .env.example. */
export function settingDefaults(): Readonly<Record<string, unknown>> {
  return settingsSchema.parse({});
}

// The settings: the only reader of the environment. All of Leadgrade's own settings are one schema; a connector's are handed
// to it by their prefix and parsed by its own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';

type Environment = Readonly<Record<string, string | undefined>>;

const text = z.string().min(1);
const url = (protocol: RegExp, example: string) =>
  z.url({ protocol, error: `expected a URL like ${example}` }).describe(`e.g. ${example}`);
/** HubSpot signs the address that it was told: what is given must come out the same for us. The paths behind it are fixed. */
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
  const keys = given.split(',').map((each) => {
    const [, source = '', key = ''] = /^([a-z][a-z0-9_-]{0,31}):([\w.~+/=-]{16,200})$/.exec(each.trim()) ?? [];
    return { source, key };
  });
  const isRight = keys.every(({ key }) => key !== '') && new Set(keys.map(({ key }) => key)).size === keys.length;
  if (!isRight) context.addIssue({ code: 'custom', message: `${WRITE_KEYS_FORM}; no key twice` });
  return keys;
});

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** By the variable's name; `secret` values are never shown. The text is what .env.example says. */
interface SettingNotes {
  readonly about: string;
  readonly secret?: true;
}

const settingsSchema = z.object({
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

type SettingName = keyof typeof settingsSchema.shape;

/** What .env.example says of each setting, in its order and groups. */
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
      'How the outside reaches that port: https://leadgrade.example.com, without a path. Webhook signatures need it.',
    // Somebody may have put a password into it.
    secret: true,
  },
  ADMIN_TOKEN: { about: 'Opens the dashboard and the API. At least 16 characters: openssl rand -hex 32', secret: true },
  METRICS_TOKEN: { about: 'Opens /metrics. At least 16 characters.', secret: true },
  EVENTS_WRITE_KEYS: {
    about: 'Opens POST /events for your site or product: website:KEY,product:KEY. Keys of at least 16 characters.',
    secret: true,
  },
  TIMEZONE: { about: 'IANA time zone of the nightly job.' },
  NIGHTLY_CRON: { about: 'When the nightly job runs, in that zone: minute, hour, day, month, weekday.' },
  MODEL_FILE: { about: 'The scoring model.' },
  LOG_LEVEL: { about: `One of ${LOG_LEVELS.join(', ')}.` },
  POLL_SECONDS: { about: 'How often the CRMs are asked for changes, besides webhooks (seconds, 5 to 86400).' },
  DEBOUNCE_SECONDS: {
    about: 'A lead that was read or scored less than this ago waits until it is over (seconds, 0 to 3600).',
  },
};

export interface Config {
  readonly dataDir: string;
  /** Absent: the embedded database. */
  readonly databaseUrl: string | undefined;
  /** Absent: the queue is in the database. */
  readonly redisUrl: string | undefined;
  readonly port: number;
  /** Without a slash at its end. */
  readonly publicUrl: string | undefined;
  readonly adminToken: string | undefined;
  readonly metricsToken: string | undefined;
  /** Of the sources that may send events; none: they are not taken. */
  readonly eventsWriteKeys: readonly { readonly source: string; readonly key: string }[];
  readonly timezone: string;
  readonly nightlyCron: string;
  readonly modelFile: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly pollSeconds: number;
  readonly debounceSeconds: number;
  /**
   * The variables of a CRM by their whole names, unparsed: `hubspot` gives all `HUBSPOT_*`.
   * @throws when a file that one of them names cannot be read.
   */
  connectorSettings(crm: string): Readonly<Record<string, string>>;
}

export type ConfigResult = { readonly config: Config } | { readonly problems: string };

/** The process's environment over the `.env` of a folder. @throws when that file is there and cannot be read. */
export function loadEnvironment(folder: string = process.cwd()): Environment {
  const content = readIfThere(join(folder, '.env'));
  return content === null ? process.env : { ...parseEnv(content), ...process.env };
}

/**
 * Each setting may also come as NAME_FILE, the name of a file that holds it. An empty value counts as not set.
 * @returns the settings, or all that is wrong with them in one message.
 */
export function readConfig(environment: Environment): ConfigResult {
  const problems: string[] = [];
  const read = (name: string): string | undefined => {
    const found = settingOf(name, environment);
    if (typeof found === 'string' || found === undefined) return found;
    problems.push(found.problem);
    return undefined;
  };
  const given = Object.fromEntries(Object.keys(settingsSchema.shape).map((name) => [name, read(name)]));
  const parsed = settingsSchema.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) problems.push(wordsOf(issue, given));
  if (!parsed.success || problems.length > 0) return { problems: messageOf(problems) };
  return { config: configOf(parsed.data, environment) };
}

function configOf(values: z.infer<typeof settingsSchema>, environment: Environment): Config {
  return {
    dataDir: values.DATA_DIR,
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    port: values.PORT,
    publicUrl: values.PUBLIC_URL,
    adminToken: values.ADMIN_TOKEN,
    metricsToken: values.METRICS_TOKEN,
    eventsWriteKeys: values.EVENTS_WRITE_KEYS ?? [],
    timezone: values.TIMEZONE,
    nightlyCron: values.NIGHTLY_CRON,
    modelFile: values.MODEL_FILE,
    logLevel: values.LOG_LEVEL,
    pollSeconds: values.POLL_SECONDS,
    debounceSeconds: values.DEBOUNCE_SECONDS,
    connectorSettings: (crm) => connectorSettings(`${crm.toUpperCase()}_`, environment),
  };
}

// Which CRMs there are is not known here, so a connector's files are read when it asks.
function connectorSettings(prefix: string, environment: Environment): Readonly<Record<string, string>> {
  const given = Object.keys(environment).filter((name) => name.startsWith(prefix));
  const names = new Set(given.map((name) => name.replace(/_FILE$/, '')));
  const found = [...names].flatMap((name) => {
    const value = settingOf(name, environment);
    if (typeof value === 'object') throw new Error(value.problem);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}

function settingOf(name: string, environment: Environment): string | undefined | { readonly problem: string } {
  const value = environment[name]?.trim() || undefined;
  const file = environment[`${name}_FILE`]?.trim() || undefined;
  if (file === undefined) return value;
  if (value !== undefined) return { problem: `${name} and ${name}_FILE are both set. Remove one.` };
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    return { problem: `${name}_FILE: cannot read ${file}${code}. Check the path and its rights.` };
  }
}

function wordsOf(issue: z.core.$ZodIssue, given: Readonly<Record<string, string | undefined>>): string {
  const name = String(issue.path[0]);
  const isSecret = Object.entries(SETTING_NOTES).some(([each, notes]) => each === name && notes.secret === true);
  const shown = isSecret ? '' : ` is "${given[name] ?? ''}"`;
  return `${name}${shown}: ${issue.message}.`;
}

function messageOf(problems: readonly string[]): string {
  const head = problems.length === 1 ? 'One setting is wrong' : `${problems.length} settings are wrong`;
  const lines = problems.map((problem) => `  ${problem}`);
  return [`${head} (environment variables, or .env):`, ...lines].join('\n');
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new Error(`${path} cannot be read. Check its rights.`, { cause: error });
  }
}

/** Defaults by name, for .env.example. */
export function settingDefaults(): Readonly<Record<string, unknown>> {
  return settingsSchema.parse({});
}

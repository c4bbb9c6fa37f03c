// Parses the environment into the configuration. Reports all problems at once.
import { ConfigurationError } from './configuration-error.ts';
import { type Environment, readSetting, readSettingsByPrefix } from './environment.ts';
import { parseSettings } from './parse-settings.ts';
import { type LogLevel, SETTING_NOTES, type SettingValues, settingsSchema } from './settings-schema.ts';

export interface Config {
  readonly dataDir: string;
  /** Absent: the embedded database. */
  readonly databaseUrl: string | undefined;
  /** The server behind `databaseUrl`, if that is a PgBouncer in transaction mode. */
  readonly databaseSessionUrl: string | undefined;
  /** Absent: the queue is in the database. */
  readonly redisUrl: string | undefined;
  readonly port: number;
  /** An origin, without a trailing slash. */
  readonly publicUrl: string | undefined;
  readonly adminToken: string | undefined;
  readonly metricsToken: string | undefined;
  /** One key a source; empty: `/events` does not exist. */
  readonly eventsWriteKeys: readonly { readonly source: string; readonly key: string }[];
  readonly timezone: string;
  readonly nightlyCron: string;
  readonly modelFile: string;
  readonly logLevel: LogLevel;
  readonly pollSeconds: number;
  readonly debounceSeconds: number;
  readonly reconcileDays: number;
  readonly historyDays: number;
  readonly statusHistoryDays: number;
  /** 0 to 1. */
  readonly guardShare: number;
  readonly maxScorers: number;
  readonly activityDays: number;
  /**
   * The settings of a CRM by their full names, unparsed: `hubspot` gives all `HUBSPOT_*`.
   * @throws when a file that one of them names cannot be read
   */
  connectorSettings(crm: string): Readonly<Record<string, string>>;
}

export type ConfigResult = { readonly config: Config } | { readonly problems: string };

/**
 * Each setting may also be given as NAME_FILE, the name of a file that contains it. An empty value
 * counts as not set.
 * @returns the configuration, or all problems in one message
 */
export function readConfig(environment: Environment): ConfigResult {
  const problems: string[] = [];
  const read = (name: string): string | undefined => {
    const found = readSetting(name, environment);
    if (typeof found === 'string' || found === undefined) return found;
    problems.push(found.problem);
    return undefined;
  };
  const given = Object.fromEntries(Object.keys(settingsSchema.shape).map((name) => [name, read(name)]));
  const parsed = parseSettings(settingsSchema, given, { environment, isSecret: isSecretSetting });
  if ('problems' in parsed) problems.push(...parsed.problems);
  if ('problems' in parsed || problems.length > 0) return { problems: joinProblems(problems) };
  return { config: toConfig(parsed.value, environment) };
}

/** @throws ConfigurationError that lists all problems */
export function loadConfig(environment: Environment): Config {
  const read = readConfig(environment);
  if ('problems' in read) throw new ConfigurationError(read.problems);
  return read.config;
}

function toConfig(values: SettingValues, environment: Environment): Config {
  return {
    dataDir: values.DATA_DIR,
    databaseUrl: values.DATABASE_URL,
    databaseSessionUrl: values.DATABASE_SESSION_URL,
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
    reconcileDays: values.RECONCILE_DAYS,
    historyDays: values.HISTORY_DAYS,
    statusHistoryDays: values.STATUS_HISTORY_DAYS,
    guardShare: Number.parseFloat(values.GUARD_SHARE) / 100,
    maxScorers: values.MAX_SCORERS,
    activityDays: values.ACTIVITY_DAYS,
    // Connectors are not known here, so their files are read when a connector asks for its
    // settings.
    connectorSettings: (crm) => readSettingsByPrefix(`${crm.toUpperCase()}_`, environment),
  };
}

function isSecretSetting(name: string): boolean {
  return Object.entries(SETTING_NOTES).some(([setting, notes]) => setting === name && notes.secret === true);
}

function joinProblems(problems: readonly string[]): string {
  const head = problems.length === 1 ? 'One setting is wrong' : `${problems.length} settings are wrong`;
  const lines = problems.map((problem) => `  ${problem}`);
  return [`${head} (environment variables, or .env):`, ...lines].join('\n');
}

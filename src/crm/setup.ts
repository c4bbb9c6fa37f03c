// What `npx leadgrade doctor` and `npx leadgrade setup` check and create in a CRM.

/** What the score fields in the CRM must be able to store; derived from the model. */
export interface WriteTarget {
  /** Of the first model. */
  readonly statuses: readonly Status[];
  /** Of the other models that write, by key. */
  readonly models?: ReadonlyMap<string, readonly Status[]>;
}

interface Status {
  readonly value: string;
  readonly label: string;
}

/** @param model the key of a model; null = the first one */
export function statusesOf({ statuses, models }: WriteTarget, model: string | null): readonly Status[] {
  return model === null ? statuses : (models?.get(model) ?? []);
}

export interface Account {
  /** The CRM's own ID of the account. Another ID means the data of another company. */
  readonly id: string;
  /** In the CRM's words: "portal 145873201 (standard)". */
  readonly name: string;
  /** IANA name; null = the CRM reports none. */
  readonly timezone: string | null;
}

/** One check of `doctor`. */
export interface SetupCheck {
  /** The checked part, for example "token". */
  readonly what: string;
  readonly level: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  readonly fix?: string;
  /** `setup` fixes the problem. */
  readonly fixableBySetup?: true;
}

/** One step that `setup` takes, or would take in a dry run. */
export interface SetupStep {
  /** The created part, for example "property group leadgrade". */
  readonly what: string;
  readonly state: 'exists' | 'would-create' | 'created';
}

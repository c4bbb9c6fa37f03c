// The order in which pending records are read, scored and written: the lowest number runs first.
// A new activity is worth most in its first minutes; a record changed by an import can wait.

export const PRIORITY = { activity: 0, change: 1, import: 2 } as const;

export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

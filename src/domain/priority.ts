// The order in which pending records are read, scored and written: the lowest number runs first.
// A new activity is worth most in its first minutes; a record changed by an import can wait, and so
// can a score that only decayed. `rise` orders writes alone: the lead has entered a better band.

export const PRIORITY = { activity: 0, rise: 1, change: 2, import: 3, decay: 4 } as const;

export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

// Who comes first when much is to be read, scored and written: the smaller the sooner. Something that a lead did just now is worth most
// in its first minutes; what an import rewrote can wait.

export const PRIORITY = { activity: 0, change: 1, import: 2 } as const;

export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

/** The parts of the service, which one process or several run. */
export const ROLES = ['web', 'worker', 'scheduler'] as const;
export type Role = (typeof ROLES)[number];

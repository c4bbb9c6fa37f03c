/** A stored model of another version of Leadgrade. The message says how to go on. */
export class UnreadableModelError extends Error {
  override readonly name = 'UnreadableModelError';
}

// How texts name a version of a model.

/** The first letters of a model's hash. */
export function shortHash(hash: string): string {
  return hash.slice(0, 8);
}

/** `b2b-saas@2026.11.2 (5e4ae07b)` */
export function modelName({ name, hash }: { readonly name: string; readonly hash: string }): string {
  return `${name} (${shortHash(hash)})`;
}

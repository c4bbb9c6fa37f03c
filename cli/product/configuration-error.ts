/**
 * The settings, the model or a mapping are wrong. The message is for the operator and names the
 * fix. Exit code 2.
 */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

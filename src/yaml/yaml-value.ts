// The value of a YAML file as it stands, without a schema.
import { parse } from 'yaml';

/** @param text a file that was parsed with its schema before */
export function yamlValue(text: string): unknown {
  return parse(text, { version: '1.2', schema: 'core', logLevel: 'error' });
}

// The shipped model with a signal more. It scores no meetings, and those of the seeded people have other titles than these.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const SHIPPED = new URL('../../mappings/model.yaml', import.meta.url);
const MET =
  '{ id: met, label: Met us, activity: meeting, where: { title: { contains: [first talk] } }, points: 9, max_count: 5 }';

/** What a meeting is called that gives nine points. */
export const MEETING_TITLE = 'First talk';

/** @returns the file */
export async function writeMeetingModel(folder: string): Promise<string> {
  const file = join(folder, 'model.yaml');
  const text = await readFile(SHIPPED, 'utf8');
  await writeFile(file, text.replace('  signals:\n', `  signals:\n    - ${MET}\n`));
  return file;
}

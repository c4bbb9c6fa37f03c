// The dictionary of job titles, `mappings/titles.yaml`: its schema.
import { z } from 'zod';

const phrase = z
  .string()
  .min(1)
  .max(80)
  .describe('Words as in a title. *word: a word that ends so. word*: a word that begins so. *: one to three words.');
const lists = z.array(z.array(phrase)).describe('Lists of phrases, for example one for each language.');

export const titlesSchema = z.strictObject({
  works_for: z.array(phrase).describe('Words after which a title speaks of another person: assistant to the CEO.'),
  levels: z
    .strictObject({
      executive: lists,
      director: lists,
      manager: lists,
      specialist: lists,
      assistant: lists,
      student: lists,
      former: lists,
    })
    .describe('The phrases of each level.'),
  ignore: lists.describe('Phrases with a word of a level that is none there: student success.'),
  departments: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]*$/, 'expected a name of small letters, digits and underscores'),
      z.array(phrase),
    )
    .describe('The phrases of each department. The first department that has one in the title counts.'),
});
export type TitleDictionary = z.infer<typeof titlesSchema>;

/** `other`: no phrase of a level is in the title. */
export type TitleLevel = keyof TitleDictionary['levels'] | 'other';

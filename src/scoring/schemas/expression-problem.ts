// Says what is wrong with an RE2 expression, and what to write.
import { RE2JS } from 're2js';

interface ExpressionProblem {
  readonly what: string;
  readonly fix: string;
}

/** By the words of the library; the first that its message contains decides. */
const PROBLEMS: readonly (readonly [string, ExpressionProblem])[] = [
  ['missing closing ]', { what: '[ is not closed', fix: 'Write ] at its end, or \\[ for the sign itself.' }],
  ['missing closing )', { what: '( is not closed', fix: 'Write ) at its end, or \\( for the sign itself.' }],
  ['unexpected )', { what: ') closes nothing', fix: 'Remove it, or write \\) for the sign itself.' }],
  [
    'missing argument',
    {
      what: '*, + or ? repeats nothing',
      fix: 'Write what it repeats before it, or \\*, \\+, \\? for the sign itself.',
    },
  ],
  [
    'nested repetition',
    {
      what: 'two signs of repetition follow one another',
      fix: 'Keep one of them, or write a backslash before the second.',
    },
  ],
  ['repeat count', { what: 'a number of repetitions is too large', fix: 'Write at most {1000}.' }],
  ['trailing backslash', { what: 'it ends in a backslash', fix: 'Remove it, or write two.' }],
  ['escape sequence', { what: 'a backslash before a letter without a meaning', fix: 'Remove the backslash.' }],
  ['class range', { what: 'a range in [ ] runs backwards', fix: 'Write the smaller sign first: [a-z].' }],
  [
    'Perl syntax',
    {
      what: 'lookahead, lookbehind and back references do not exist here',
      fix: 'Use not, all or any around simple conditions.',
    },
  ],
  ['lookbehind', { what: 'lookbehind does not exist here', fix: 'Use not, all or any around simple conditions.' }],
  ['named capture', { what: 'a group has a wrong name', fix: 'Write ( ) without a name.' }],
  ['duplicate capture', { what: 'two groups have one name', fix: 'Write ( ) without names.' }],
  ['too large', { what: 'it is too long', fix: 'Shorten it, or use has_word or contains with a list.' }],
  ['too deeply', { what: 'it has too many brackets in one another', fix: 'Use has_word or contains with a list.' }],
];

const OTHER: ExpressionProblem = { what: 'it is not an RE2 expression', fix: 'Use has_word or contains with a list.' };

/** Null if the expression is valid. */
export function expressionProblem(expression: string): ExpressionProblem | null {
  try {
    RE2JS.compile(expression);
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    return PROBLEMS.find(([words]) => reason.includes(words))?.[1] ?? OTHER;
  }
}

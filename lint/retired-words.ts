// Words that the project no longer uses, each with the term that replaced it. `words.ts` refuses them in code, comments and docs.

export interface RetiredWord {
  /** Matched against each line; case matters only where the pattern says so. */
  readonly pattern: RegExp;
  readonly use: string;
  /** Files in which the word has another, ordinary meaning. */
  readonly except?: RegExp;
}

/** Names and terms of the former vocabulary. */
const TERMS: readonly RetiredWord[] = [
  { pattern: /\b(bells?|doorbells?|rings?|rung|ringing)\b/, use: 'enqueue, trigger' },
  { pattern: /\bring[A-Z]\w*|\w+Bell\b/, use: 'enqueue…' },
  // migrate.ts and its tests name a table of the former schema.
  { pattern: /\b(halts?|halted|halting)\b/i, use: 'pause', except: /migrate\.(test\.)?ts$/ },
  { pattern: /\b(un)?halt[A-Z]\w*|\w+Halt(s|ed)?\b/, use: 'pause…' },
  { pattern: /\b(doors?|openDoor)\b/i, use: 'endpoint, HTTP server' },
  { pattern: /\bsight(s|ed|ings?)\b|\bunsighted\b/i, use: 'availability; listing' },
  { pattern: /\bStreamSight\b|\bsights?[A-Z]\w*/, use: 'StreamAvailability' },
  { pattern: /\bstands?[- ]in(s|sFor)?\b|\bstandIns?\b/i, use: 'fallback stream' },
  { pattern: /\b(tick|ticks|ticked)\b/i, use: 'poll job' },
  { pattern: /\bintake\b/i, use: 'process-inbox' },
  { pattern: /\bbeats?\b/i, use: 'heartbeat; repeatable job' },
  { pattern: /\b(whole pass(es)?|listed_pass|passing|beginPass|endPull)\b/, use: 'full sync' },
  {
    pattern: /\bquiet (time|end)s?\b|\bquiet_until\b|\bQUIET_SECONDS\b|\bquiet(Ms|Time|End|Seconds)\b/i,
    use: 'debounce window',
  },
  { pattern: /\bneighbou?rhoods?\b|\bneighborhoodOf\b/i, use: 'connected component' },
  { pattern: /\bstorms?\b/i, use: 'burst' },
  { pattern: /\boracles?\b/i, use: 'assertions' },
  { pattern: /\bseldom\b/i, use: 'throttled; rarely' },
  { pattern: /\b[gG]atherer\b|\bgathering\b/, use: 'batch writer' },
  { pattern: /\bhand(s|ed|ing)? over\b|\bhandOver\w*/i, use: 'move to the surviving record; submit; delegate' },
  { pattern: /\b(unites?|uniteLeads|retires?)\b/, use: 'merge; mark as deleted' },
  { pattern: /\b(score[- ]?breaker|breakers?)\b/i, use: 'rescore throttle' },
  { pattern: /\bbasis ?hash\b|\bbasisHash\b|\bbasis_hash\b|\bScoringBasis\b/i, use: 'inputs hash' },
  { pattern: /\bunattached\b/i, use: 'unlinked' },
  { pattern: /\b(needs|must be mended by|asks for) somebody\b|NEEDS_SOMEBODY/, use: 'needs operator action' },
  { pattern: /\bkey ?rings?\b/i, use: 'write-key lookup' },
  {
    pattern: /\b(settled_result_id|listed_pass|undated_at|probed_at|denied_at|hour_began|due_cause|heard_at)\b/,
    use: 'see src/store/tables',
  },
];

/** One verb, one meaning: insert, upsert, save, update, delete, tombstone, claim, list, find, count. */
const VERBS: readonly RetiredWord[] = [
  { pattern: /\btake[A-Z]\w*/, use: 'save…, drain…, acquire…' },
  { pattern: /\bkeep(?!Alive|LastIfActive)[A-Z]\w*/, use: 'save…' },
  { pattern: /\b(note|forget|leave)[A-Z]\w*/, use: 'save…, delete…, purge…' },
  { pattern: /\bdrop[A-Z]\w*/, use: 'tombstone… or delete…' },
  { pattern: /\bhold(Leads?|LeadIds)\b/, use: 'lock…' },
  { pattern: /\bisAny[A-Z]\w*/, use: 'has…' },
  { pattern: /\bmost[A-Z]\w*|\bMOST_\w+/, use: 'max…' },
  { pattern: /\blook(At|AgainAt|_at)\b/, use: 'nextCheckAt' },
  { pattern: /\b(tell|told|hear|heard|ask|asked)(Of|Again|_AGAIN)\w*/, use: 'log…, list…, recheck…' },
];

/** Subjects that name no thing. */
const PROSE: readonly RetiredWord[] = [
  {
    pattern: /\b(whoever|whomever|somebody|nobody|everybody|anybody)\b/i,
    use: 'the record, request, worker, person that is meant',
  },
  { pattern: /\bis told of\b|\btold of\b/i, use: 'is logged, is reported' },
  { pattern: /(?<!there )\bis no (?!longer\b|more\b|need\b|other\b|way\b|reason\b|such\b)/i, use: 'is not a valid …' },
  { pattern: /\bset going\b|\bby and by\b|\bcome(s)? to nothing\b/i, use: 'start; fail' },
  { pattern: /\b(mended|mends|mend)\b/i, use: 'fix, repair' },
  { pattern: /\bat a time at most\b|\bat the most\b/i, use: 'at most' },
];

export const RETIRED_WORDS: readonly RetiredWord[] = [...TERMS, ...VERBS, ...PROSE];

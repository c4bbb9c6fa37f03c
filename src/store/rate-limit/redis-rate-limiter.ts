// The shared rate limiter on Redis: the same bucket as in postgres-rate-limiter.ts, with one script
// for each token.
import type { Cluster, Redis } from 'ioredis';
import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import type { RateLimiter } from '../../domain/limits/rate-limiter.ts';
import { type BucketStore, tokenBucketLimiter, type Wait } from './token-bucket.ts';

export function redisRateLimiter(redis: Redis | Cluster, clock: Clock, wait?: Wait): RateLimiter {
  return tokenBucketLimiter(redisBuckets(redis), clock, wait);
}

// Redis truncates Lua numbers to integers in a reply, so they are returned as text. A bucket that
// was not used until it was full again equals a missing one, so its key expires.
const RESERVE = `
local burst, rate, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local stored = redis.call('HMGET', KEYS[1], 'tokens', 'refilled', 'blocked')
local blocked = tonumber(stored[3] or '0')
local tokens, refilled = burst, now
if stored[1] then
  refilled = tonumber(stored[2])
  tokens = math.min(burst, tonumber(stored[1]) + rate * math.max(0, now - refilled) / 1000)
  -- It lies ahead of now while the bucket is drained, or because of another machine's clock: the clock
  -- difference that is accepted is at most a second.
  refilled = math.max(now, math.min(refilled, math.max(blocked, now + 1000)))
end
tokens = tokens - 1
redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', tokens), 'refilled', string.format('%.17g', refilled))
redis.call('PEXPIRE', KEYS[1], math.ceil(refilled - now + (burst - tokens) * 1000 / rate) + 60000)
local wait = refilled - now + math.max(0, -tokens) * 1000 / rate
return { string.format('%.17g', wait), string.format('%.17g', blocked) }
`;

const DRAIN = `
local blocked, till = tonumber(redis.call('HGET', KEYS[1], 'blocked') or '0'), tonumber(ARGV[1])
if blocked < till then
  redis.call('HSET', KEYS[1], 'tokens', '0', 'refilled', ARGV[1], 'blocked', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[2]) + 86400000)
end
return blocked
`;

const reservationSchema = z.tuple([z.coerce.number(), z.coerce.number()]);

function redisBuckets(redis: Redis | Cluster): BucketStore {
  // The hash tag of the queue's keys: in a Redis Cluster, one node holds all of them.
  const bucketKey = (key: string): string => `{leadgrade}:rate:${key}`;
  return {
    async reserve(key, { burst, perSecond }, now) {
      const reply = await redis.eval(RESERVE, 1, bucketKey(key), burst, perSecond, now);
      const [waitMs, blockedUntil] = reservationSchema.parse(reply);
      return { waitMs, blockedUntil };
    },
    async drain(key, forMs, now) {
      await redis.eval(DRAIN, 1, bucketKey(key), now + forMs, forMs);
    },
    async blockedUntil(key) {
      return Number((await redis.hget(bucketKey(key), 'blocked')) ?? '0');
    },
  };
}

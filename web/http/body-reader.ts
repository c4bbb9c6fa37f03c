// Reads request bodies: each up to the limit of its endpoint, and all together up to a limit of the
// process. The process limit counts buffered, decompressed bytes, so slow or empty requests do not
// block others. Not express.raw: it reads an oversized body to its end before it refuses, and does
// not report how much it buffers.
import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib';
import type { Request, RequestHandler, Response } from 'express';
import { createGrowingBody } from './growing-body.ts';

/** HubSpot sends up to ten concurrent requests, usually of a few kilobytes each. */
const MAX_BUFFERED_BYTES = 256_000_000;

/**
 * These need 32 kB of memory. Brotli and zstd may need megabytes for a body of a few bytes, and no
 * CRM or library sends them.
 */
const DECOMPRESSORS = new Map([
  ['gzip', createGunzip],
  ['deflate', createInflate],
]);

/**
 * Over the limit of the endpoint; over the limit of the process; aborted, or not compressed as its
 * header says. Also the label of the metric.
 */
export type BodyError = 'too_large' | 'busy' | 'bad_body';

export interface BodyLimits {
  /** Limit for one body, compressed and decompressed. */
  readonly maxBytes: number;
  /** Sends the response. The rest of the body is discarded. */
  readonly onError: (request: Request, response: Response, error: BodyError) => void;
}

/** The next handler finds the complete body in `request.body`, a Buffer. */
export type BodyReader = (limits: BodyLimits) => RequestHandler;

/**
 * One reader for all endpoints of a process.
 * @param maxBufferedBytes received and not yet responded to
 */
export function createBodyReader(maxBufferedBytes = MAX_BUFFERED_BYTES): BodyReader {
  const processLimit: ProcessLimit = { bufferedBytes: 0, maxBufferedBytes };
  return (limits) => (request, response, next) => {
    if (Number(request.get('content-length') ?? 0) > limits.maxBytes) {
      return limits.onError(request, response, 'too_large');
    }
    const encoding = request.get('content-encoding')?.toLowerCase() ?? 'identity';
    const decompressor = DECOMPRESSORS.get(encoding)?.();
    if (decompressor === undefined && encoding !== 'identity') return limits.onError(request, response, 'bad_body');
    bufferBody({ request, response, next, decompressor }, limits, processLimit);
  };
}

interface ProcessLimit {
  bufferedBytes: number;
  readonly maxBufferedBytes: number;
}

interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly next: () => void;
  readonly decompressor: Gunzip | Inflate | undefined;
}

function bufferBody(
  { request, response, next, decompressor }: Exchange,
  { maxBytes, onError }: BodyLimits,
  processLimit: ProcessLimit,
): void {
  let isReading = true;
  const body = createGrowingBody(maxBytes);
  let ownBytes = 0;
  const stop = () => {
    isReading = false;
    request.unpipe();
    decompressor?.destroy();
    // Discard the rest of the body: some clients read the response only after they have sent it.
    request.resume();
  };
  const release = () => {
    processLimit.bufferedBytes -= ownBytes;
    ownBytes = 0;
  };
  const fail = (error: BodyError) => {
    if (!isReading) return;
    stop();
    body.discard();
    release();
    onError(request, response, error);
  };
  const source = decompressor === undefined ? request : request.pipe(decompressor);
  source.on('data', (chunk: Buffer) => {
    if (!isReading) return;
    ownBytes += chunk.length;
    processLimit.bufferedBytes += chunk.length;
    if (ownBytes > maxBytes) return fail('too_large');
    if (processLimit.bufferedBytes > processLimit.maxBufferedBytes) return fail('busy');
    body.append(chunk);
  });
  source.on('end', () => {
    if (!isReading) return;
    request.body = body.toBuffer();
    stop();
    next();
  });
  for (const stream of [source, request]) stream.on('error', () => fail('bad_body'));
  response.once('close', () => {
    fail('bad_body');
    release();
  });
}

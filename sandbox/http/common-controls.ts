// The controls that every sandbox has under /_sandbox: its clock, its faults and its log.
import type { Router } from 'express';
import { z } from 'zod';
import type { SandboxClock } from '../sandbox-clock.ts';
import { faultScriptSchema } from './fault-script.ts';
import type { Entrance } from './receive.ts';

/** @param instant reads an ISO instant */
export function addCommonControls(router: Router, entrance: Entrance, instant: z.ZodType<Date>): void {
  const { clock, faults, log } = entrance;
  const clockSchema = z.strictObject({ now: instant });
  router.get('/clock', (_req, res) => void res.json(clockJson(clock)));
  router.put('/clock', (req, res) => {
    clock.jumpTo(clockSchema.parse(req.body).now);
    res.json(clockJson(clock));
  });
  router.put('/faults', (req, res) => {
    faults.replace(faultScriptSchema.parse(req.body));
    res.json({});
  });
  router.post('/reset-log', (_req, res) => {
    log.reset();
    res.json({});
  });
  router.get('/log', (req, res) => {
    const { since } = z.object({ since: z.string().optional() }).parse(req.query);
    const lines = log.entries(since).map((entry) => `${JSON.stringify(entry)}\n`);
    res.type('application/x-ndjson').send(lines.join(''));
  });
}

function clockJson(clock: SandboxClock): { now: string } {
  return { now: new Date(clock.now()).toISOString() };
}

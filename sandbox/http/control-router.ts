// The control API of a sandbox, /_sandbox/...: its own controls, and those that every sandbox has: its clock, its faults and its log.
import { type NextFunction, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { SandboxClock } from '../sandbox-clock.ts';
import { faultScriptSchema } from './fault-script.ts';
import type { RequestContext } from './receive.ts';
import type { Reply } from './reply.ts';

/** What one control does: method, path, and the answer. */
export type Control<Gate> = readonly [
  method: 'get' | 'post' | 'put' | 'patch' | 'delete',
  path: string,
  answer: (gate: Gate, req: Request) => Reply,
];

interface ControlParts {
  /** Reads an ISO instant. */
  readonly instant: z.ZodType<Date>;
  /** A refusal in the CRM's own words; null for any other error. */
  readonly refusalOf: (error: unknown) => Reply | null;
}

export function controlRouter<Gate extends RequestContext>(
  gate: Gate,
  controls: readonly Control<Gate>[],
  { instant, refusalOf }: ControlParts,
): Router {
  const router = Router();
  for (const [method, path, answer] of controls) {
    router[method](path, (req: Request, res: Response) => {
      const reply = answer(gate, req);
      res.status(reply.status).json(reply.body ?? {});
    });
  }
  addCommonControls(router, gate, instant);
  router.use((_req, res) => {
    res.status(404).json({ message: 'the sandbox has no such control' });
  });
  router.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    const refusal = refusalOf(error);
    if (refusal !== null) res.status(refusal.status).json(refusal.body);
    else if (error instanceof z.ZodError) res.status(400).json({ message: z.prettifyError(error) });
    else next(error);
  });
  return router;
}

function addCommonControls(router: Router, entrance: RequestContext, instant: z.ZodType<Date>): void {
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

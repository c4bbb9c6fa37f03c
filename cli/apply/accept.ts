// `npx leadgrade apply --accept`: ends the hold of the guard, so that the results of leads in another band are written.
import { currentHold, endHold } from '../../src/store/guard/holds.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { authorOf } from './confirm.ts';

export interface AcceptOptions {
  readonly by?: string;
  readonly json: boolean;
}

/** Who and when are stored with the hold. */
export function acceptMovement(io: CommandIo, { by: named, json }: AcceptOptions): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, async ({ context }) => {
    const { db, clock, crms } = context;
    const hold = await currentHold(db);
    const by = authorOf(named);
    const accepted = hold !== null && (await endHold(db, { by, accept: true }, clock.now())) ? hold : null;
    if (accepted !== null) for (const crm of crms.keys()) await context.enqueue('write-scores', { crm });
    if (json) return void io.stdout.write(`${JSON.stringify({ accepted, by: accepted === null ? null : by })}\n`);
    io.stdout.write(
      accepted === null
        ? 'The guard holds nothing.\n'
        : `Accepted by ${by}: ${accepted.message}\nThe scores are written by the running service, or by the next one.\n`,
    );
  });
}

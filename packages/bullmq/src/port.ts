import { createSweep, type Consumer, type Side, type Sweep } from '@postern/core/inbox'
import { createAccepting, type AcceptContext } from './accept.ts'
import { createAttempts, type AttemptContext } from './attempt.ts'
import type { Client } from './connection.ts'
import { createDrain } from './drain.ts'
import { sweepStep } from './prune.ts'
import { startWorking, type Working } from './run.ts'

/** What {@link createSide} needs. */
export interface SideContext extends AcceptContext {
  /** The connection of workers, opened when the first one begins. */
  readonly patient: () => Client
  readonly failed: (error: Error) => void
}

/** Makes a receiver's side of the inbox. */
export function createSide(context: SideContext, consumer: Consumer): Side {
  const { client, queues, settings, failed } = context
  const { prefix, lease, keepDone, window } = settings
  const accepting = createAccepting(context, consumer)
  let working: Working | undefined
  let sweep: Sweep | undefined
  let closing = false
  let ended = false
  const shared = { consumer, queues, prefix, lease, failed, ended: () => ended }
  return {
    accept: (intake) => accepting.accept(intake),
    work() {
      const patient = context.patient()
      const mine: AttemptContext = {
        ...shared,
        client: patient,
        // Ids outlive their tasks; a job without its event waits as long as one could still come.
        keepDone: Math.max(keepDone, window),
        closing: () => closing,
      }
      working = startWorking({ ...mine, stop: () => (closing = true) }, createAttempts(mine))
      sweep = createSweep(keepDone, sweepStep({ client, queues, settings }, consumer))
      sweep.start()
    },
    drain(until, max) {
      const mine = {
        ...shared,
        client,
        keepDone: Math.max(keepDone, window),
        closing: () => closing,
      }
      return createDrain(mine, createAttempts(mine))(until, max)
    },
    async close(until) {
      closing = true
      await Promise.all([working?.close(until), accepting.close(), sweep?.stop()])
      ended = true
    },
  }
}

import { WebhookError } from '@postern/core'
import {
  createSweep,
  knownFor,
  settledBy,
  watchOrphans,
  type Consumer,
  type InboxView,
  type Side,
  type UnreadTeller,
} from '@postern/core/inbox'
import { createAccepting, type AcceptContext } from './accept/accept.ts'
import { createRuns } from './run/runs.ts'
import { sweepStep, type SweepPlace } from './operate/prune.ts'
import { createRescue } from './operate/rescue.ts'

/** The argument of {@link createSide}. */
interface SideContext extends AcceptContext {
  /** Calls back with the names of queues in which tasks became ready; returns what ends that. */
  readonly woken: (ready: (queue: string) => void) => () => void
  readonly failed: (error: Error) => void
  readonly clock: () => number
  readonly view: Pick<InboxView, 'orphans'>
  readonly unread: UnreadTeller
}

// How often orphans are looked for, in milliseconds.
const LOOK = 1000

/** Makes a receiver's side of the inbox. */
export function createSide(context: SideContext, consumer: Consumer): Side {
  const { client, queues, settings } = context
  const failed = (error: unknown): void => {
    context.failed(error as Error)
    consumer.failed?.(error)
  }
  const accepting = createAccepting(context, consumer)
  const orphans = watchOrphans('bullmqInbox', context.view, consumer)
  // If Redis is unreachable, the next look tells.
  const lookForOrphans = (): void => void orphans.look().catch(() => {})
  const { prefix, lease } = settings
  const runs = createRuns({
    consumer,
    unread: context.unread,
    client,
    queues,
    prefix,
    lease,
    // Ids outlive their tasks; a job without its event waits as long as one could still come.
    keepDone: knownFor(settings).time,
    failed,
    clock: context.clock,
    shutOut: () => context.watch.shutOut(),
    ended: () => ended,
  })
  let orphaned: ReturnType<typeof setInterval> | undefined
  let unlisten = (): void => {}
  const forget = sweepStep({ client, queues, settings, clock: context.clock }, consumer)
  const sweep = createSweep<SweepPlace>(settings.keepDone, (place) =>
    forget(place).catch((error: unknown) => {
      failed(error)
      throw error
    }),
  )
  const rescue = createRescue(client, prefix, (count) =>
    consumer.warn(
      `bullmqInbox: ${count} ${count === 1 ? 'task was' : 'tasks were'} in no list of BullMQ, and ${count === 1 ? 'is' : 'are'} pending again`,
    ),
  )
  let closing = false
  let ended = false
  return {
    accept: (intake) => accepting.accept(intake),
    probe: () => accepting.probe(),
    work() {
      unlisten = context.woken((queue) => runs.ready(queue))
      runs.work()
      orphaned = setInterval(lookForOrphans, LOOK)
      lookForOrphans()
      sweep.start()
      rescue.start()
    },
    async drain(until, max, last) {
      if (closing) throw new WebhookError('closed', 'bullmqInbox: the receiver was closed')
      lookForOrphans()
      const drained = await runs.drain(until, max, last)
      await sweep.once(until)
      await rescue.once(until)
      return drained
    },
    async close(until) {
      closing = true
      clearInterval(orphaned)
      unlisten()
      await Promise.all([
        runs.close(until),
        accepting.close(),
        settledBy(sweep.stop(), until),
        settledBy(rescue.stop(), until),
      ])
      ended = true
    },
  }
}

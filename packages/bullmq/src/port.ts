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
import { createJobRuns, type AttemptContext, type Running } from './run/attempt.ts'
import type { RedisClient } from './store/connection.ts'
import { startDrain, type Draining } from './run/drain.ts'
import { sweepStep } from './operate/prune.ts'
import { createRescue } from './operate/rescue.ts'
import { startWorking, type Working } from './run/run.ts'

/** The argument of {@link createSide}. */
interface SideContext extends AcceptContext {
  /** The connection of workers, opened when the first one begins. */
  readonly patient: () => RedisClient
  readonly failed: (error: Error) => void
  readonly clock: () => number
  readonly view: Pick<InboxView, 'orphans'>
  readonly unread: UnreadTeller
}

/** Makes a receiver's side of the inbox. */
export function createSide(context: SideContext, consumer: Consumer): Side {
  const { client, queues, settings, failed } = context
  const accepting = createAccepting(context, consumer)
  const orphans = watchOrphans('bullmqInbox', context.view, consumer)
  // If Redis is unreachable, the next look tells.
  const lookForOrphans = (): void => void orphans.look().catch(() => {})
  // All attempts of this process share what runs here.
  const running = new Map<string, Running>()
  let working: Working | undefined
  const sweep = createSweep(
    settings.keepDone,
    sweepStep({ client, queues, settings, clock: context.clock }, consumer),
  )
  const rescue = createRescue(client, settings.prefix, (count) =>
    consumer.warn(
      `bullmqInbox: ${count} ${count === 1 ? 'task was' : 'tasks were'} in no list of BullMQ, and ${count === 1 ? 'is' : 'are'} pending again`,
    ),
  )
  let drains: Promise<unknown> = Promise.resolve()
  let draining: Draining | undefined
  let closing = false
  let ended = false
  return {
    accept: (intake) => accepting.accept(intake),
    probe: () => accepting.probe(),
    work() {
      const mine = contextOf(context.patient())
      const attempts = createJobRuns(mine, running)
      working = startWorking(
        { ...mine, stop: () => (closing = true), look: () => lookForOrphans() },
        attempts,
      )
      sweep.start()
      rescue.start()
    },
    drain(until, max, last) {
      const drained = drains.then(async () => {
        if (closing) throw new WebhookError('closed', 'bullmqInbox: the receiver was closed')
        lookForOrphans()
        const mine = contextOf(client)
        draining = startDrain(mine, createJobRuns(mine, running), until, max, last)
        const drained = await draining.drained
        await sweep.once(until)
        await rescue.once(until)
        return drained
      })
      drains = drained.catch(() => {})
      return drained
    },
    async close(until) {
      closing = true
      await Promise.all([
        working?.close(until),
        draining?.close(until),
        accepting.close(),
        settledBy(sweep.stop(), until),
        settledBy(rescue.stop(), until),
      ])
      ended = true
    },
  }

  function contextOf(its: RedisClient): AttemptContext {
    const { prefix, lease } = settings
    return {
      consumer,
      unread: context.unread,
      client: its,
      queues,
      prefix,
      lease,
      // Ids outlive their tasks; a job without its event waits as long as one could still come.
      keepDone: knownFor(settings).time,
      failed,
      clock: context.clock,
      shutOut: () => context.watch.shutOut(),
      closing: () => closing,
      ended: () => ended,
    }
  }
}

import {
  attachment,
  createActions,
  createJournal,
  createRecords,
  createUnread,
  createView,
  knownFor,
  numberOf,
  settledBy,
  type Access,
  createSweep,
  watchOrphans,
  withoutWrites,
  type Consumer,
  type Side,
  type UnreadTeller,
} from '@postern/core/engine'
import type { Attempt, Inbox, InboxView } from '@postern/core/inbox'
import type { MaybePromise } from '@postern/core/internal'
import { answeredWithin, connected, openClient, type RedisClient } from './store/connection.ts'
import { createJournaled } from './journal/journaled.ts'
import { attemptsOf } from './journal/attempts.ts'
import { createQueues } from './store/queues.ts'
import { createReplicas } from './store/replicas.ts'
import { watchServer } from './store/server.ts'
import { joinKeys, layoutOf, readKeys, type KeysLayout } from './store/schema.ts'
import { checkSettings, type BullmqInboxOptions, type Settings } from './settings.ts'
import { createViewed } from './operate/viewed.ts'
import { WebhookError } from '@postern/core'
import { createAccepting, type AcceptContext } from './accept/accept.ts'
import { createRuns } from './run/runs.ts'
import { createRescue } from './operate/lost-jobs.ts'
import { sweepStep, type SweepPlace } from './operate/sweep.ts'

// Maximum time to tell other processes that this process ends, in milliseconds.
const LEAVE = 500

/**
 * Creates a durable inbox on BullMQ, for web and worker processes on any number of machines. The inbox has a queue for
 * each subscription and a job for each task. All jobs of a delivery share one stored copy of its contents.
 *
 * One script stores a delivery in all queues. The delivery is acknowledged only if every command of the script
 * succeeded. So after a crash, with a full Redis or without a permission, Redis has either the whole delivery or
 * nothing of it. Acknowledged deliveries are as durable as the data of your Redis. Set `appendonly yes`, otherwise the
 * inbox warns. Set `maxmemory-policy noeviction`, otherwise deliveries get 503. If a process dies after a handler has
 * run but before its outcome is stored, the task runs again (at least once). A done task does not run again.
 *
 * While Redis is unreachable, hangs or rejects writes, deliveries get 503 within the deadline, and providers deliver
 * again. The inbox keeps no order: `orderingKey` throws.
 *
 * @throws {TypeError} If an option is wrong; the message names the option.
 *
 * @example
 * const inbox = bullmqInbox({ connection: process.env.REDIS_URL! })
 * const receiver = createReceiver({ provider: github({ secret }), inbox })
 */
export function bullmqInbox(options: BullmqInboxOptions): Inbox<never> {
  return openInbox(checkSettings(options))
}

/** Creates the inbox from checked settings, as `bullmqInbox` does. @internal */
export function openInbox(
  settings: Settings,
  layout: KeysLayout = layoutOf(settings.prefix),
): Inbox<never> {
  const { connection, prefix, deadline, readOnly, replicas } = settings
  const known = knownFor(settings)
  const client = openClient(connection, deadline)
  const backs = new Set<() => void>()
  const join = readOnly ? readKeys : joinKeys
  const joined = join(client, prefix, layout, {
    changed(rejected) {
      if (rejected !== undefined) watch.tell(rejected)
    },
    lease: settings.lease,
    alive: () => watch.look(),
    lost(how) {
      watch.lost(how)
      for (const back of backs) back()
    },
  })
  const watch = watchServer(client, settings, joined.versionWatch)
  joined.versionWatch.start()
  const queues = createQueues(client, settings, joined.clock, watch.failed)
  // A connection that waits for replicas answers no other commands, so operators get their own connection.
  const operators = replicas ? openClient(connection, deadline) : client
  if (operators !== client) operators.on('error', watch.failed)
  const confirming = replicas && createReplicas(client, prefix, replicas)
  const wake = createWake(() => openClient(connection), prefix, watch.failed)
  const receivers = attachment({
    inbox: 'bullmqInbox',
    dedupeWindow: known,
    readOnly,
    join(consumer) {
      watch.listen((message) => consumer.warn(message))
      return createSide(
        {
          client,
          woken: (ready) => wake.listen(ready),
          queues,
          settings,
          watch,
          replicas: confirming,
          failed: watch.failed,
          clock: joined.clock,
          steady: joined.steady,
          view,
          unread,
          backs,
        },
        consumer,
      )
    },
    async close() {
      // If Redis hangs, the message of `leave` is lost. Other processes then notice later that this process has ended,
      // since it no longer writes its sign of life to Redis.
      await settledBy(joined.leave(), performance.now() + LEAVE)
      await queues.close()
      client.disconnect()
      operators.disconnect()
      wake.close()
    },
  })

  const unread = createUnread('bullmqInbox', (message) => watch.tell(message))
  const journaled = createJournaled(operators, prefix)
  const reached = accessOf(operators, deadline, () =>
    readOnly ? joined.versionWatch.check() : undefined,
  )
  const access = readOnly ? withoutWrites(reached, 'bullmqInbox') : reached
  const actions = createActions(journaled.records, access)
  const viewed = createViewed({ client: operators, prefix, queues, unread, clock: joined.clock })
  const view = createView(viewed, {
    access,
    actions,
    deadline,
    consumers: () => receivers.consumers(),
    // This inbox needs none of these functions: scripts report ready tasks, Redis counts the open tasks, and each task
    // is claimed only when it can run.
    look() {},
    pause: async () => () => {},
    opened() {},
  })
  return {
    name: 'bullmqInbox',
    can: {
      order: false,
      transaction: false,
      durable: true,
      fair: true,
      search: 'scan',
    },
    dedupeWindow: known.time,
    maxPending: settings.maxPending,
    lease: settings.lease,
    attach: (consumer) => receivers.attach(consumer),
    view,
    journal: createJournal({ store: journaled, attempts, access, actions, unread }),
    records: createRecords(journaled.records, access, unread),
    close: () => receivers.close(),
  }

  async function attempts(task: string): Promise<readonly Attempt[]> {
    const [ref] = await viewed.refsOf([numberOf(task)])
    if (ref === '') return []
    const [kept, value] = await operators.hmget(`${prefix}:${ref}`, 'pa', 'returnvalue')
    return attemptsOf({ task, unread }, kept ?? '', value ?? '').kept
  }
}

function accessOf(client: RedisClient, deadline: number, first: () => MaybePromise<void>): Access {
  return {
    read: ask,
    write: ask,
    async writeAll(writes) {
      for (const write of writes) await ask(write)
    },
  }

  async function ask<T>(work: () => T | Promise<T>): Promise<T> {
    await connected(client, deadline)
    await first()
    return answeredWithin(Promise.resolve(work()), deadline)
  }
}

/** Listens for the names of queues that have ready tasks. The first listener opens one connection for all queues. */
function createWake(open: () => RedisClient, prefix: string, failed: (error: Error) => void) {
  const listeners = new Set<(queue: string) => void>()
  let client: RedisClient | undefined
  return {
    listen(ready: (queue: string) => void): () => void {
      listeners.add(ready)
      if (!client) {
        client = open()
        client.on('error', failed)
        client.on('message', (_, queues: string) => {
          for (const queue of queues.split('\n')) for (const listener of listeners) listener(queue)
        })
        // Without permission to subscribe, workers find ready tasks in their check of all queues, once a second.
        client.subscribe(`${prefix}:wake`).catch(failed)
      }
      return () => void listeners.delete(ready)
    },
    close: () => client?.disconnect(),
  }
}

interface SideContext extends AcceptContext {
  /** Calls `ready` with the name of each queue that has ready tasks. Returns a function that removes `ready`. */
  readonly woken: (ready: (queue: string) => void) => () => void
  readonly failed: (error: Error) => void
  readonly steady: () => Promise<boolean>
  readonly view: Pick<InboxView, 'orphans'>
  readonly unread: UnreadTeller
  /** Functions to call if Redis was emptied, or went back to an older state. */
  readonly backs: Set<() => void>
}

// Milliseconds between searches for orphans: tasks whose subscription no process handles.
const ORPHANS = 1000

function createSide(context: SideContext, consumer: Consumer): Side {
  const { client, queues, settings } = context
  const failed = (error: unknown): void => {
    context.failed(error as Error)
    consumer.failed?.(error)
  }
  const accepting = createAccepting(context, consumer)
  const look = watchOrphans('bullmqInbox', context.view, consumer)
  // Errors are ignored here: if Redis is unreachable, the next search reports orphans.
  const lookForOrphans = (): void => void look().catch(() => {})
  const { prefix, lease } = settings
  const runs = createRuns({
    consumer,
    unread: context.unread,
    client,
    queues,
    prefix,
    lease,
    // If the event of a job is missing, a redelivery may still store the event within this time.
    keepDone: knownFor(settings).time,
    free: (tasks) => accepting.free(tasks),
    failed,
    clock: context.clock,
    steady: context.steady,
    shutOut: () => context.watch.shutOut(),
    ended: () => ended,
  })
  context.backs.add(runs.back)
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
      `bullmqInbox: ${count} ${count === 1 ? 'task was' : 'tasks were'} missing from the lists of BullMQ, and ${count === 1 ? 'is' : 'are'} pending again`,
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
      orphaned = setInterval(lookForOrphans, ORPHANS)
      lookForOrphans()
      sweep.start()
      rescue.start()
    },
    async drain(until, max, last) {
      if (closing)
        throw new WebhookError('receiver_closed', { problem: 'closed', got: 'bullmqInbox' })
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
      context.backs.delete(runs.back)
      ended = true
    },
  }
}

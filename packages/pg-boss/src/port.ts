import { settledBy, type Consumer, type Drained, type Side } from '@postern/core/inbox'
import { createAccept } from './accept.ts'
import { createCapacity, type Capacity } from './capacity.ts'
import { createClaims } from './claim.ts'
import { createCommit } from './commit.ts'
import type { Engine } from './engine.ts'
import { explain, unavailable } from './errors.ts'
import { createStore } from './known.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { createLease } from './lease.ts'
import { channelOf } from './listen.ts'
import { createLoad } from './load.ts'
import { mergeLines } from './order.ts'
import { announceOrphans } from './orphans.ts'
import { createPromote } from './promote.ts'
import { createRest } from './rest.ts'
import { createRun } from './run.ts'
import { createSettle } from './settle.ts'
import { createSettler } from './settler.ts'
import { claimOf } from './task.ts'
import { createTurns } from './turns.ts'
import { createWriter } from './writer.ts'

/** A receiver's side that the view reads and changes. */
export interface PgBossSide extends Side {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly capacity: Capacity
  look(): void
  /** Resolves when nothing waits to be stored. */
  flushed(): Promise<unknown>
}

/** Makes a receiver's side of the inbox. */
export function createSide(engine: Engine, consumer: Consumer, onWork: () => void): PgBossSide {
  const { settings } = engine
  const { receiver } = consumer
  const notify = `SELECT pg_notify('${channelOf(settings.schema)}', '');`
  const lanes = createLanes(receiver, () => runner.slots())
  const capacity = createCapacity(
    engine,
    receiver,
    () => turns,
    () => consumer.now(),
  )
  const turns = createTurns(settings.schema, (backlog) => capacity.told(backlog))
  const promote = createPromote(engine, turns, () => lanes.names())
  const settle = createSettle(engine, turns, consumer, (queue) => lanes.lineOf(queue))
  const store = createStore(engine, turns, (queue) => lanes.lineOf(queue))
  const writer = createWriter(engine.db, store, notify)
  const settler = createSettler({
    consumer,
    settle,
    over: (count) => capacity.free(count),
    again(wait) {
      promote.dueIn(wait)
      runner.dueAt(consumer.now() + wait)
    },
    ready: (subscription) => runner.ready(subscription),
  })
  const claims = createClaims(engine, {
    consumer,
    lanes,
    runner: () => runner,
    draining: () => drains > 0,
    promote: () => promote.run(),
  })
  const runner = createRun({
    consumer,
    commit: createCommit(engine, receiver, settle, () => consumer.now()),
    settler,
    fetch: (over) => claims.fetch(over),
    reclaim,
    rest: createRest(engine, lanes),
  })
  const leases = createLease(engine, {
    consumer,
    lanes,
    held: () => runner.held(),
    load: createLoad(engine, consumer),
    freed: (soonest) => runner.dueAt(consumer.now() + soonest),
    suspected() {
      claims.suspected()
      runner.look()
    },
    buried(task, error) {
      capacity.free(1)
      consumer.settled(claimOf(task), { kind: 'dead', error }, true)
    },
  })
  const accept = createAccept({
    engine,
    consumer,
    capacity,
    writer,
    store,
    notify,
    merged: () => merged === consumer.lanes().length,
    merge,
    stored(subscriptions, revived) {
      if (revived) return look()
      for (const subscription of subscriptions) runner.ready(subscription)
    },
  })
  const warn = (message: string): void => consumer.warn(message)
  let working = false
  let drains = 0
  let poll: ReturnType<typeof setInterval> | undefined
  let merged = 0
  engine.listeners.add(warn)

  return {
    consumer,
    lanes,
    capacity,
    look,
    accept,
    work,
    drain,
    close,
    flushed: () => Promise.all([writer.flushed(), settler.flushed()]),
  }

  function work(): void {
    working = true
    onWork()
    leases.start()
    poll = setInterval(look, settings.pollInterval)
    runner.work()
    leases.look().catch(() => {})
    // If PostgreSQL is unreachable, the next start reports it.
    announceOrphans(engine, consumer).catch(() => {})
    merge().then(look, (error: unknown) => {
      warn(`order keys of renamed subscriptions could not be joined yet: ${explain(error)}`)
      look()
    })
  }

  /** Any task may be ready, and those that waited may be due. */
  function look(): void {
    promote.soon()
    runner.look()
  }

  /** Once for each set of subscriptions: joins the lines of their former names with their own. */
  async function merge(): Promise<void> {
    const count = consumer.lanes().length
    const renamed = runner.slots().filter(({ lane }) => lane.ordered && lane.formerly.length > 0)
    if (renamed.length > 0) await engine.ready()
    for (const slot of renamed) {
      const [line, ...former] = lanes.queuesOf(slot)
      await mergeLines(engine.db, settings.schema, line!, former)
    }
    merged = count
  }

  async function reclaim(): Promise<void> {
    await engine.ready()
    await merge()
    await leases.look()
    promote.soon()
  }

  async function drain(until: number, max: number, last?: number): Promise<Drained> {
    drains++
    leases.start()
    try {
      return await runner.drain(until, max, last)
    } catch (error) {
      throw unavailable(error)
    } finally {
      drains--
      if (!working && drains === 0) leases.stop()
    }
  }

  async function close(until: number): Promise<void> {
    clearInterval(poll)
    await runner.close(until)
    await settledBy(Promise.all([writer.flushed(), settler.flushed()]), until)
    leases.stop()
    engine.listeners.delete(warn)
  }
}

import { createAlarm, settledBy, timeTo, type Consumer, type Side } from '@postern/core/inbox'
import { createAccept } from './accept.ts'
import { createCapacity, type Capacity } from './capacity.ts'
import { createClaims } from './claim.ts'
import { createCommit } from './commit.ts'
import { createDrain } from './drain.ts'
import type { Engine } from './engine.ts'
import { explain } from './errors.ts'
import { createStore } from './known.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { createLease } from './lease.ts'
import { channelOf } from './listen.ts'
import { createLoad } from './load.ts'
import { mergeLines } from './order.ts'
import { createPromote } from './promote.ts'
import { createAttempts } from './run.ts'
import { createSettle } from './settle.ts'
import { createSettler } from './settler.ts'
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

// How long before the end of `close` running tasks are given back, in milliseconds, so that PostgreSQL has stored it.
const STORING = 500

/** Makes a receiver's side of the inbox. */
export function createSide(engine: Engine, consumer: Consumer, onWork: () => void): PgBossSide {
  const { settings } = engine
  const closing = new AbortController()
  const lanes = createLanes(consumer)
  const notify = `SELECT pg_notify('${channelOf(settings.schema)}', '');`
  const capacity = createCapacity(engine, consumer.receiver, () => turns)
  const turns = createTurns(settings.schema, (backlog) => capacity.told(backlog))
  const promote = createPromote(engine, turns, () =>
    lanes.all().flatMap(({ lane, queues }) => (lane.fair ? queues : [])),
  )
  const settle = createSettle(engine, turns, consumer.receiver, () => consumer.now(), lanes.lineOf)
  const store = createStore(engine, turns, lanes.lineOf)
  const writer = createWriter(engine.db, store, notify)
  const alarm = createAlarm(() => look(true), Date.now)
  const settler = createSettler({
    consumer,
    settle,
    over: (count) => capacity.free(count),
    again: (wait) => {
      if (active) alarm.at(Date.now() + wait + 1)
    },
    ready: () => look(false),
  })
  const claims = createClaims(engine, {
    consumer,
    lanes,
    active: () => active,
    start: (claimed) => attempts.start(claimed),
    promote: () => promote.run(),
  })
  const attempts = createAttempts({
    consumer,
    slots: () => lanes.all(),
    active: () => active,
    commit: createCommit(engine, consumer.receiver, settle),
    settler,
    signal: closing.signal,
    refill: (slot) => claims.refill(slot),
  })
  const leases = createLease(engine, {
    consumer,
    lanes,
    held: () => attempts.held(),
    load: createLoad(engine, consumer),
    freed: (soonest) => {
      if (active) alarm.at(Date.now() + soonest + 1)
    },
    suspected: () => claims.suspected(),
    buried(task, error) {
      capacity.free(1)
      consumer.settled(attempts.claimOf(task), { kind: 'dead', error }, true)
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
    stored: () => look(false),
  })
  const drain = createDrain({ engine, lanes, leases, claims, attempts, promote, merge, rest })
  const warn = (message: string): void => consumer.warn(message)
  let active = false
  let poll: ReturnType<typeof setInterval> | undefined
  let merged = 0
  engine.listeners.add(warn)

  return {
    consumer,
    lanes,
    capacity,
    look: () => look(true),
    accept,
    work,
    drain,
    close,
    flushed: () => Promise.all([writer.flushed(), settler.flushed()]),
  }

  function work(): void {
    active = true
    onWork()
    leases.start()
    leases.look().catch(() => {})
    poll ??= setInterval(() => look(true), settings.pollInterval)
    void merge().then(
      () => look(true),
      (error: unknown) => {
        warn(`order keys of renamed subscriptions could not be joined yet: ${explain(error)}`)
        look(true)
      },
    )
  }

  function rest(): void {
    if (!active && [...attempts.held()].length === 0) leases.stop()
  }

  /** `due` if tasks that waited may be due. */
  function look(due: boolean): void {
    if (!active) return
    if (due) promote.soon()
    claims.wake()
  }

  /** Once for each set of subscriptions: what was stored under their former names stands in one line with their own. */
  async function merge(): Promise<void> {
    const count = consumer.lanes().length
    const renamed = lanes.all().filter(({ lane, queues }) => lane.ordered && queues.length > 1)
    if (renamed.length > 0) await engine.ready()
    for (const { queues } of renamed)
      await mergeLines(engine.db, settings.schema, queues[0]!, queues.slice(1))
    merged = count
  }

  /** At half the time `signal` aborts; what runs near the end is given back while there is time to store it. */
  async function close(until: number): Promise<void> {
    active = false
    clearInterval(poll)
    alarm.clear()
    attempts.stop()
    const left = Math.max(0, until - Date.now())
    const half = setTimeout(abort, timeTo(until - left / 2))
    await settledBy(
      claims.idle().then(() => attempts.idle()),
      until - Math.min(STORING, left / 4),
    )
    clearTimeout(half)
    abort()
    attempts.giveBack()
    await settledBy(Promise.all([writer.flushed(), settler.flushed()]), until)
    leases.stop()
    engine.listeners.delete(warn)
  }

  function abort(): void {
    closing.abort(new Error('the receiver was closed'))
  }
}

import { WebhookError } from '@postern/core'
import type { Consumer, Port } from '@postern/core/inbox'
import { createAccept } from './accept.ts'
import { createAttempts } from './run.ts'
import { createClaims } from './claim.ts'
import { createCommit } from './commit.ts'
import type { Engine } from './engine.ts'
import { explain } from './errors.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { createLeases } from './lease.ts'
import { channelOf } from './listen.ts'
import { mergeLines } from './order.ts'
import type { Pending } from './capacity.ts'
import { createSettle } from './settle.ts'
import { createSettler } from './settler.ts'
import { createStore } from './known.ts'
import { atMost, MAX_TIMER } from './deadline.ts'
import { createWriter } from './writer.ts'

/** A port that can be woken by what others changed. */
export interface PgBossPort extends Port {
  readonly consumer: Consumer
  readonly lanes: Lanes
  /** True once it was drained: another receiver of the name may come. */
  readonly closed: boolean
  /** Looks for ready tasks in all its lanes. */
  look(): void
  /** Fails what waits. */
  end(): void
}

// How long before the end of `close` running tasks are given back, in milliseconds, so that PostgreSQL has stored it.
const STORING = 500

/** Makes a receiver's side of the inbox. */
export function createPort(
  engine: Engine,
  consumer: Consumer,
  pending: Pending,
  onWork: () => void,
): PgBossPort {
  const { settings } = engine
  const closing = new AbortController()
  const lanes = createLanes(consumer)
  const notify = `SELECT pg_notify('${channelOf(settings.schema)}', '');`
  const settle = createSettle(engine, consumer.receiver, () => consumer.now(), lanes.lineOf)
  const store = createStore(engine, lanes.lineOf)
  const writer = createWriter(engine.db, store, notify)
  const settler = createSettler({
    consumer,
    settle,
    over: (count) => pending.free(count),
    again: lookIn,
    ready: look,
  })
  const claims = createClaims(engine, {
    consumer,
    lanes,
    active: () => active,
    start: (claimed) => attempts.start(claimed),
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
  const leases = createLeases(engine, lanes, () => attempts.held(), look)
  const accept = createAccept({
    engine,
    consumer,
    pending,
    writer,
    store,
    notify,
    merged: () => merged === consumer.lanes().length,
    merge,
    stored: look,
  })
  const warn = (message: string): void => consumer.warn(message)
  let active = false
  let closed = false
  let poll: ReturnType<typeof setInterval> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let timerAt = Infinity
  let merged = 0
  engine.listeners.add(warn)

  return {
    consumer,
    lanes,
    get closed() {
      return closed
    },
    look,
    async accept(intake, host) {
      if (closed) throw new WebhookError('closed', 'pgBossInbox: the receiver was closed')
      return accept(intake, host)
    },
    work,
    close,
    end() {
      writer.close()
      settler.close()
    },
  }

  function work(): void {
    active = true
    onWork()
    leases.start()
    poll ??= setInterval(look, settings.pollInterval)
    void merge().then(look, (error: unknown) => {
      warn(`order keys of renamed subscriptions could not be joined yet: ${explain(error)}`)
      look()
    })
  }

  function look(): void {
    if (active) claims.wake()
  }

  /** One timer, for the task that is due next. */
  function lookIn(wait: number): void {
    const at = performance.now() + wait
    if (at >= timerAt || !active) return
    clearTimeout(timer)
    timerAt = at
    timer = setTimeout(
      () => {
        timerAt = Infinity
        look()
      },
      Math.min(Math.ceil(wait) + 1, MAX_TIMER),
    )
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

  async function stop(timeout: number): Promise<void> {
    active = false
    clearInterval(poll)
    clearTimeout(timer)
    poll = undefined
    timerAt = Infinity
    attempts.stop()
    await atMost(
      claims.idle().then(() => attempts.idle()),
      timeout,
    )
  }

  /** At half the time `signal` aborts; what runs near the end is given back while there is time to store it. */
  async function close(until: number): Promise<void> {
    closed = true
    const left = Math.max(0, until - Date.now())
    const storing = Math.min(STORING, left / 4)
    const half = setTimeout(abort, Math.min(left / 2, MAX_TIMER))
    await stop(left - storing)
    clearTimeout(half)
    abort()
    attempts.giveBack()
    await atMost(Promise.all([writer.flushed(), settler.flushed()]), until - Date.now())
    end()
  }

  function abort(): void {
    closing.abort(new Error('the receiver was closed'))
  }

  function end(): void {
    leases.stop()
    engine.listeners.delete(warn)
  }
}

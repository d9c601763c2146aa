import { WebhookError } from '@postern/core'
import type { Consumer, Port } from '@postern/core/inbox'
import { createAcceptWithin } from './within.ts'
import { createAccept } from './accept.ts'
import { createAttempts } from './run.ts'
import { createClaim } from './claim.ts'
import { createCommit } from './commit.ts'
import { transactionOf } from './in-transaction.ts'
import { createLanes } from './lanes.ts'
import { createPoll } from './lease.ts'
import type { Store } from './store.ts'

/** A port that can be woken by what others changed in the file. */
export interface SqlitePort extends Port {
  readonly consumer: Consumer
  /** True once it was drained: another receiver of the name may come. */
  readonly closed: boolean
  /** Looks for ready tasks in all its lanes. */
  look(): void
  close(until: number): Promise<void>
}

// Milliseconds kept for storing what is given back when a receiver closes; a quarter of the time if that is less.
const STORING = 250
// The longest wait setTimeout takes; a longer one fires at once.
const MAX_TIMER = 2 ** 31 - 1

/** Makes a receiver's side of the inbox. */
export function createPort(store: Store, consumer: Consumer, onWork: () => void): SqlitePort {
  const closing = new AbortController()
  let active = false
  let closed = false
  let ended: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let timerAt = Infinity

  const lanes = createLanes({
    consumer,
    tally: store.tally,
    active: () => active,
    wake: () => claim.wake(),
    start: (claimed) => attempts.start(claimed),
  })
  const claim = createClaim(store, { consumer, lanes, active: () => active, look, dueAt })
  const attempts = createAttempts(store, {
    consumer,
    lanes: () => lanes,
    commit: createCommit(store, () => consumer.now()),
    signal: closing.signal,
    dueAt,
  })
  const poll = createPoll(store, consumer, lanes, look)

  const accept = createAccept(store, consumer.receiver, () => consumer.now(), lanes)
  const acceptWithin = createAcceptWithin(store, consumer, lanes, look)

  return {
    consumer,
    get closed() {
      return closed
    },
    look,
    accept(intake, host) {
      if (closed) throw new WebhookError('closed', 'sqliteInbox: the receiver was closed')
      const db = transactionOf(host)
      return db ? acceptWithin(db, intake) : accept(intake)
    },
    work,
    close,
  }

  function work(): void {
    active = true
    onWork()
    poll.start()
    look()
  }

  function look(): void {
    if (!active) return
    for (const slot of lanes.all()) slot.backlog = true
    claim.wake()
  }

  /** One timer, for the task that is due next. */
  function dueAt(at: number): void {
    if (at >= timerAt || !active) return
    clearTimeout(timer)
    timerAt = at
    timer = setTimeout(
      () => {
        timerAt = Infinity
        look()
      },
      Math.min(Math.max(at - consumer.now(), 0), MAX_TIMER),
    )
  }

  async function close(until: number): Promise<void> {
    if (ended) return ended
    return (ended = end(until))
  }

  async function end(until: number): Promise<void> {
    const left = Math.max(until - Date.now(), 0)
    closed = true
    active = false
    clearTimeout(timer)
    timerAt = Infinity
    attempts.giveBack(false)
    const halfway = setTimeout(abort, left / 2)
    // Giving back is a transaction, and must be on the disk by then.
    await atMost(attempts.idle(), left - Math.min(left / 4, STORING))
    clearTimeout(halfway)
    abort()
    attempts.giveBack(true)
    store.writer.now()
    await atMost(attempts.idle(), until - Date.now())
    await atMost(store.writer.flushed(), until - Date.now())
    poll.stop()
  }

  function abort(): void {
    if (!closing.signal.aborted) closing.abort(new Error('the receiver was closed'))
  }
}

/** Resolves with the work, or after a time in milliseconds without it. */
async function atMost(work: Promise<unknown>, time: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  await Promise.race([
    work,
    new Promise<void>(
      (resolve) => (timer = setTimeout(resolve, Math.min(Math.max(time, 0), MAX_TIMER))),
    ),
  ])
  clearTimeout(timer)
}

import type { Consumer, Outcome } from '@postern/core/inbox'
import { explain, isTransient } from './errors.ts'
import type { Claimed } from './lanes.ts'
import type { Settle } from './settle.ts'

/** Stores outcomes; those that come while others are stored, together. It tries for as long as it takes. */
export interface Settler {
  /** `done` gets what was stored, or undefined where the claim was lost or the inbox closed first. */
  add(task: Claimed, outcome: Outcome, done: (stored: Outcome | undefined) => void): void
  /** `task.commit` has stored its outcome. */
  committed(task: Claimed): void
  /** Resolves when nothing waits. */
  flushed(): Promise<void>
  close(): void
}

/** What settling tells its port. */
export interface SettlerHost {
  readonly consumer: Consumer
  readonly settle: Settle
  /** So many tasks are over. */
  readonly over: (count: number) => void
  /** A task may run again after so many milliseconds. */
  readonly again: (wait: number) => void
  /** Something may have become ready: a child, the next of an order key. */
  readonly ready: () => void
}

const BATCH = 500
// How long to wait before outcomes that could not be stored are tried again, in milliseconds.
const STORE_AGAIN = 250

interface Waiting {
  readonly task: Claimed
  readonly outcome: Outcome
  readonly done: (stored: Outcome | undefined) => void
}

/** Makes the settler of a receiver. */
export function createSettler(host: SettlerHost): Settler {
  let queue: Waiting[] = []
  let scheduled = false
  let running = false
  let closed = false
  let warned = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let idlers: (() => void)[] = []

  return {
    add(task, outcome, done) {
      if (closed) return done(undefined)
      queue.push({ task, outcome, done })
      schedule()
    },
    committed(task) {
      host.over(1)
      if (task.order !== undefined) host.ready()
    },
    flushed: () =>
      running || queue.length > 0
        ? new Promise((resolve) => idlers.push(resolve))
        : Promise.resolve(),
    close() {
      closed = true
      clearTimeout(timer)
      for (const { done } of queue.splice(0)) done(undefined)
      rest()
    },
  }

  function schedule(): void {
    if (scheduled || running) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      running = true
      void flush().finally(() => {
        running = false
        if (queue.length === 0) rest()
        else if (!closed) schedule()
      })
    })
  }

  async function flush(): Promise<void> {
    const batch = queue.slice(0, BATCH)
    queue = queue.slice(BATCH)
    try {
      const stored = await host.settle.store(batch)
      warned = false
      batch.forEach((one, at) => tell(one, stored[at]))
    } catch (error) {
      if (closed) for (const { done } of batch) done(undefined)
      else {
        queue.unshift(...batch)
        if (isTransient(error)) return
        if (!warned) host.consumer.warn(`outcomes could not be stored yet: ${explain(error)}`)
        warned = true
        await new Promise<void>((resolve) => (timer = setTimeout(resolve, STORE_AGAIN)))
      }
    }
  }

  function tell(
    { task, done }: Waiting,
    stored: { readonly outcome: Outcome; readonly wait: number | undefined } | undefined,
  ): void {
    done(stored?.outcome)
    if (!stored) return
    const { outcome, wait } = stored
    if (wait !== undefined) return host.again(wait)
    host.over(1 - (outcome.kind === 'done' ? (outcome.spawn?.length ?? 0) : 0))
    if (task.order !== undefined || (outcome.kind === 'done' && outcome.spawn)) host.ready()
  }

  function rest(): void {
    for (const resolve of idlers) resolve()
    idlers = []
  }
}

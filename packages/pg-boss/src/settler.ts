import { createBatch, type BatchWork, type Consumer, type Outcome } from '@postern/core/inbox'
import { explain, isLasting } from './errors.ts'
import type { Task } from './task.ts'
import type { Ended, Settle, Stored } from './settle.ts'

/** Stores outcomes; those that arrive while others are stored go together. It tries until it succeeds or closes. */
export interface Settler {
  /** `done` gets what was stored, or undefined if the claim was lost or the inbox closed first. */
  add(ended: Ended, done: (stored: Outcome | undefined) => void): void
  /** `task.commit` has stored its outcome. */
  committed(task: Task): void
  /** Resolves when nothing waits. */
  flushed(): Promise<void>
  close(): void
}

/** The port as the settler sees it. */
export interface SettlerHost {
  readonly consumer: Consumer
  readonly settle: Settle
  /** This number of tasks has ended. */
  readonly over: (count: number) => void
  /** A task may run again after these milliseconds. */
  readonly again: (wait: number) => void
  /** Tasks of a subscription may have become ready: children, the next of an order key. */
  readonly ready: (subscription: string) => void
}

const BATCH = 500
// First and longest wait before outcomes that could not be stored are tried again, in milliseconds.
const AGAIN = [10, 250] as const
// Bytes are not counted: outcomes are small, and core bounds what errors say.
const SIZE = 1

interface Work extends BatchWork {
  readonly ended: Ended
  readonly done: (stored: Outcome | undefined) => void
  /** True for the second try: it makes the task dead with the reason. */
  readonly burial: boolean
}

/** Makes the settler of a receiver. */
export function createSettler(host: SettlerHost): Settler {
  const { consumer } = host
  let warned = false
  const batch = createBatch<Work>({
    inbox: 'pgBossInbox',
    rows: BATCH,
    bytes: Infinity,
    waits: AGAIN,
    async store(works) {
      const stored = await host.settle.store(works.map((work) => work.ended))
      warned = false
      works.forEach((work, at) => tell(work, stored[at]))
    },
    fault(error) {
      if (isLasting(error)) return 'one'
      if (!warned) consumer.warn(`outcomes could not be stored yet: ${explain(error)}`)
      warned = true
      return 'again'
    },
    refusal: (error) => error as Error,
    late: () => new Error('never late'),
  })

  return {
    add: (ended, done) => add(ended, done, false),
    committed(task) {
      if (task.committed) follow(task, task.committed)
    },
    flushed: () => batch.flushed(),
    close: () => batch.close(),
  }

  function add(ended: Ended, done: Work['done'], burial: boolean): void {
    batch.add({
      ended,
      done,
      burial,
      bytes: SIZE,
      failed(error) {
        // The inbox closed, or the second try failed too: the lease ends, and the task counts as interrupted.
        if (burial || !isLasting(error)) return done(undefined)
        const message = `${ended.outcome.kind} could not be stored: ${explain(error)}`
        consumer.warn(`task ${ended.task.id} is dead, since its outcome ${message}`)
        add(
          { ...ended, outcome: { kind: 'dead', error: { name: 'OutcomeRefused', message } } },
          done,
          true,
        )
      },
    })
  }

  function tell({ ended: { task }, done }: Work, stored: Stored | undefined): void {
    done(stored?.outcome)
    if (!stored) return
    const { outcome, wait } = stored
    if (wait !== undefined) return host.again(wait)
    follow(task, outcome)
  }

  /** Ended tasks make room, and may make others ready. */
  function follow({ subscription, order }: Task, outcome: Outcome): void {
    const children = (outcome.kind === 'done' && outcome.spawn) || []
    host.over(1 - children.length)
    if (order !== undefined) host.ready(subscription)
    for (const child of children) host.ready(child.subscription)
  }
}

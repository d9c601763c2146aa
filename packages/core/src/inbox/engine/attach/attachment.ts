import type { Side, EngineSide, InboxParts } from '../parts.ts'
import { WebhookError, isA } from '../../../errors.ts'
import type { Consumer, RunDueResult, Port } from '../../inbox.ts'
import { toMonotonic, settledBy, nextRound } from '../../../basics/deadline.ts'
import { createRunner, type BurstEnd } from '../run/runner.ts'
import { createAccept } from '../accept/accept.ts'
import { createProbe } from '../accept/probe.ts'
import { createCapacity } from '../accept/capacity.ts'
import { createWatch, type Watch } from '../lease/watch.ts'
import { createClaims, type Claims } from '../run/claim.ts'
import { createLanes } from '../run/lanes.ts'
import { createSettle } from '../run/settle.ts'
import type { Ahead } from '../run/slot.ts'
import type { Folds } from '../row.ts'
import { claimOf, type Task } from '../run/task.ts'
import { createCommit } from '../run/commit.ts'

interface AttachmentOptions {
  /** The name of the inbox in errors. */
  readonly inbox: string
  /**
   * How long the inbox remembers event ids (`time`, in milliseconds), and the option that sets this time.
   * @default no bound
   */
  readonly dedupeWindow?: { readonly option: string; readonly time: number }
  /** True if the inbox only reads. Then no receiver can be attached. @default false */
  readonly readOnly?: boolean | undefined
  readonly join: (consumer: Consumer) => Side
  /**
   * Closes the resources that all sides share. A side is one receiver's part of the inbox. Called once, after all sides
   * are closed.
   */
  readonly close: () => Promise<void>
}

export interface Attachment {
  attach(consumer: Consumer): Port
  close(): Promise<void>
  /** Returns receivers that are attached and not closed. */
  consumers(): readonly Consumer[]
  look(): void
}

/**
 * Makes an {@link Attachment}. `attach` throws a `TypeError` for a second receiver of the same name, for a
 * deduplication window shorter than the sender's retry span, and after `close`. A delivery after `close` is rejected as
 * `receiver_closed`.
 */
export function attachment({
  inbox,
  dedupeWindow: window,
  readOnly = false,
  join,
  close,
}: AttachmentOptions): Attachment {
  const joined = new Map<string, Joined>()
  let closed: Promise<void> | undefined

  return {
    attach(consumer) {
      const { receiver, retrySpan } = consumer
      if (readOnly)
        throw new TypeError(
          `${inbox}: readOnly must be false for a receiver, got true; leave readOnly out to attach receiver ${receiver}`,
        )
      if (closed)
        throw new TypeError(`${inbox} was closed; create a new inbox for receiver ${receiver}`)
      const known = joined.get(receiver)
      if (known && !known.closing)
        throw new TypeError(
          `${inbox} already has a receiver named ${receiver}: give each receiver a name of its own`,
        )
      if (window && window.time < retrySpan)
        throw new TypeError(
          `${inbox}: ${window.option} is ${window.time} ms, but the sender of ${receiver} retries for ${retrySpan} ms; set ${window.option} to at least ${retrySpan} ms`,
        )
      const one: Joined = { consumer, side: join(consumer), closing: undefined }
      joined.set(receiver, one)
      return portOf(one)
    },
    close: () => (closed ??= end()),
    consumers: () => open().map((one) => one.consumer),
    look() {
      for (const { side } of open()) side.look?.()
    },
  }

  function portOf(one: Joined): Port {
    const { side } = one
    let working = false
    const rejectIfClosing = (): void => {
      if (one.closing) throw new WebhookError('receiver_closed', { problem: 'closed', got: inbox })
    }
    return {
      accept(intake, host) {
        rejectIfClosing()
        return side.accept(intake, host)
      },
      ...(side.probe && {
        probe() {
          rejectIfClosing()
          return side.probe!()
        },
      }),
      ...(side.work && {
        work() {
          if (!working && !one.closing) side.work!()
          working = true
        },
      }),
      ...(side.drain && {
        async drain(until, max, last) {
          rejectIfClosing()
          return side.drain!(toMonotonic(until), max, last)
        },
      }),
      ...(side.burst && {
        burst: (most) => (one.closing ? undefined : side.burst!(most)),
      }),
      close: (until) => (one.closing ??= side.close(toMonotonic(until))),
    }
  }

  async function end(): Promise<void> {
    // Errors are collected, and thrown only after the shared resources are closed.
    const ended = await Promise.allSettled(
      [...joined.values()].map((one) => (one.closing ??= one.side.close(performance.now()))),
    )
    await close()
    for (const one of ended) if (one.status === 'rejected') throw one.reason
  }

  function open(): readonly Joined[] {
    return [...joined.values()].filter((one) => one.closing === undefined)
  }
}

interface Joined {
  readonly consumer: Consumer
  readonly side: Side
  closing: Promise<void> | undefined
}

// Limits for claiming tasks ahead. They are higher on a server, where each claim needs a round trip.
const AHEAD: Ahead = { time: 20, most: 256 }
const AHEAD_ON_SERVER: Ahead = { time: 100, most: 400, remote: true }
// Time for storing the tasks that are released at closing, in milliseconds.
const MARGIN = 500

export function createSide(inbox: InboxParts, consumer: Consumer): EngineSide {
  const { store, settings, can } = inbox
  const lanes = createLanes(store, consumer.receiver, () => runner.slots(), settings.deadline)
  const capacity = createCapacity({ store, settings, consumer, lanes })
  const begun = {
    ...inbox,
    consumer,
    lanes,
    capacity,
    runner: () => runner,
    dueAt(at: number) {
      claims.dueAt(at)
      runner.dueAt(at)
    },
    folded({ ended, waits }: Folds) {
      for (const { id, lane, into, passing } of ended) {
        const at = lanes.of(lane)
        if (!at) continue
        capacity.free(1)
        consumer.folded?.({
          subscription: at.subscription,
          task: String(id),
          into: into === undefined ? undefined : String(into),
          passing: passing ?? undefined,
        })
      }
      for (const { lane, wait } of waits)
        if (lanes.of(lane)) begun.dueAt(consumer.now() + Math.max(0, wait))
    },
  }
  // The parts below use each other through `side`, which is complete only once all of them are made.
  const side = begun as EngineSide
  const accept = createAccept(side)
  const settle = createSettle(side)
  const commit = createCommit(store, settle, consumer)
  const claims = createClaims(side)
  const runner = createRunner<Task>({
    consumer,
    ahead: store.together ? AHEAD : AHEAD_ON_SERVER,
    early: store.alone !== undefined,
    margin: MARGIN,
    claimOf(task) {
      if (can?.transaction === false) return claimOf(task)
      return claimOf(task, {
        commit: (write, spawn) => commit.commit(task, write, spawn),
        commitIn: (transaction, spawn) => commit.commitIn(task, transaction, spawn),
        conflict: (error) => commit.conflict(task, error),
      })
    },
    ...(!store.alone && {
      holds: ({ leased }: Task) => performance.now() - leased < settings.lease,
    }),
    settle: ({ task, outcome, ran, done }) => settle.add({ task, outcome, ran }, done),
    fetch: (over) => claims.fetch(over),
    ended(task) {
      task.free?.()
      if (task.committed) settle.follow(task, task.committed)
    },
    async reclaim() {
      await watch.look()
      claims.soon()
    },
    async rest() {
      const { left, next } = await store.rest(lanes.all())
      return { left, next: next === undefined ? undefined : Math.round(consumer.now() + next) }
    },
  })
  const watch = createWatch(side, () => claims.suspected())
  return Object.assign(begun, createSideLife(side, claims, watch), {
    accept,
    probe: createProbe(side, accept),
    back(message: string) {
      lanes.forget()
      side.shut(message)
      side.look()
    },
    async pause() {
      const resume = runner.pause()
      await settledBy(settle.flushed(), performance.now() + settings.deadline)
      return resume
    },
  })
}

// Time for dropping old rows after a burst (see `Port.burst`), in milliseconds.
const TIDY = 100

function createSideLife(
  side: EngineSide,
  claims: Claims,
  watch: Watch,
): Pick<EngineSide, 'draining' | 'look' | 'shut' | 'work' | 'drain' | 'burst' | 'close'> {
  const { store, writer, settings, consumer, lanes } = side
  const runner = side.runner()
  let working = false
  let drains = 0
  let poll: ReturnType<typeof setInterval> | undefined
  return {
    draining: () => drains > 0,
    look,
    shut,
    work,
    drain,
    burst,
    close,
  }

  function look(): void {
    claims.soon()
    runner.look()
  }

  /**
   * Starts a claim only if the store may have a ready task. During a claim, new tasks are stored unclaimed, since older
   * tasks go first. A later claim must read and parse such tasks again, so a needless claim is expensive.
   */
  async function polled(): Promise<void> {
    let found = true
    try {
      if (store.opened && lanes.complete()) found = (await store.any?.(lanes.all())) ?? true
    } catch {
      // If the store fails, the next claim reports the error.
    }
    if (found) look()
  }

  function shut(rejected: string | undefined): void {
    if (rejected === undefined) return look()
    consumer.warn(rejected)
    runner.giveBack(rejected)
  }

  function work(): void {
    working = true
    side.onWork()
    runner.work()
    look()
    if (store.alone) return
    watch.start()
    poll = setInterval(() => void polled(), settings.pollInterval)
    // If this check fails, the next check by the timer reports the error.
    watch.look().catch(() => {})
  }

  async function drain(until: number, max: number, last?: number): Promise<RunDueResult> {
    drains++
    if (!store.alone) watch.start()
    try {
      if (!store.opened) await store.open()
      const drained = await runner.drain(until, max, last)
      await side.tidy(until)
      return drained
    } catch (error) {
      throw isA(error, WebhookError) ? error : store.rejection(error)
    } finally {
      drains--
      if (!working && drains === 0) watch.stop()
    }
  }

  /** Runs waiting tasks for half of the time left, since tasks in memory are lost with the process. */
  async function workedOff(until: number): Promise<void> {
    const half = (performance.now() + until) / 2
    if (store.opened) {
      store.alone!.hurry(lanes.all())
      look()
    }
    do {
      await settledBy(runner.idle(), half)
      // The last outcome may have made other tasks ready.
      await nextRound()
    } while (!runner.isIdle() && performance.now() < half)
  }

  function burst(most: number): BurstEnd | undefined {
    const end = runner.burst(most)
    if (!end) return undefined
    return async () => {
      const ended = await end()
      if (ended) await side.tidy(performance.now() + TIDY)
      return ended
    }
  }

  async function close(until: number): Promise<void> {
    clearInterval(poll)
    if (store.alone) await workedOff(until)
    await runner.close(until)
    await settledBy(writer.flushed(), until)
    watch.stop()
  }
}

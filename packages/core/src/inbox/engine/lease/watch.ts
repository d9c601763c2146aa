import { patchAll, repair } from '../run/order.ts'
import { patchOf } from '../patch.ts'
import { errorText } from '../../../errors.ts'
import type { Claim, Consumer } from '../../inbox.ts'
import type { EngineSide } from '../parts.ts'
import type { Lanes } from '../run/lanes.ts'
import { claimOf, taskOf, type Task } from '../run/task.ts'
import { DONE, type TaskRow } from '../row.ts'
import { cut, givenBack, letGo, type Cut } from '../rules.ts'
import { steps, type Steps } from '../../../basics/maybe.ts'
import type { InboxView, Orphan, TaskError } from '../../view.ts'

/** Renews the leases of this process's tasks. Also frees tasks of any process if their lease has ended. */
export interface Watch {
  start(): void
  stop(): void
  /** Checks for ended leases now. Rejects if the store fails. */
  look(): Promise<void>
}

// Minimum time between two checks of lines (the tasks of one ordering key), in milliseconds.
const LINES = 5000

/**
 * Makes a {@link Watch}. Leases are measured with a monotonic clock. `suspected` is called if a suspect (a task
 * interrupted three times in a row) waits.
 */
export function createWatch(side: EngineSide, suspected: () => void): Watch {
  const { store, versionWatch, consumer, lanes, capacity, settings } = side
  const { lease, deadline, pollInterval } = settings
  const held = (): Iterable<Task> => side.runner().held()
  const lookForOrphans = watchOrphans(store.name, side.view, consumer)
  const timers: ReturnType<typeof setInterval>[] = []
  let renewing = false
  let looking: Promise<void> | undefined
  let ordered = -Infinity
  let said: string | undefined

  return {
    start() {
      if (timers.length > 0) return
      timers.push(
        setInterval(() => void renew(), Math.max(1, Math.min(lease / 12, 1000))),
        setInterval(() => void told(look()), Math.min(Math.max(lease / 10, pollInterval), 3000)),
      )
    },
    stop() {
      for (const timer of timers.splice(0)) clearInterval(timer)
    },
    look,
  }

  function look(): Promise<void> {
    return (looking ??= watch().finally(() => (looking = undefined)))
  }

  /** Waits for `work`. If `work` fails, logs the error, unless the previous error was the same. */
  async function told(work: Promise<void>): Promise<void> {
    try {
      await work
      said = undefined
    } catch (error) {
      if (store.fault(error) !== 'again') consumer.failed?.(error)
      const message = errorText(error)
      if (message !== said) consumer.warn(`leases could not be checked: ${message}`)
      said = message
    }
  }

  async function renew(): Promise<void> {
    if (renewing) return
    renewing = true
    const sent = performance.now()
    const due: Task[] = []
    for (const task of held()) if (sent - task.leased >= lease / 4) due.push(task)
    try {
      if (due.length > 0 || store.alive) await told(send(due, sent))
    } finally {
      renewing = false
      const now = performance.now()
      for (const task of held())
        if (now - task.leased >= lease) lose(task, `its lease of ${lease} ms could not be renewed`)
    }
  }

  async function send(due: readonly Task[], sent: number): Promise<void> {
    await versionWatch.look()
    if (due.length === 0 || versionWatch.rejected() !== undefined) return
    const own = await store.renew(due.map(({ id, token }) => ({ id, token })))
    for (const task of due)
      if (own.has(task.id)) task.leased = sent
      else if (task.place >= 0) lose(task, 'another process has claimed or settled the task')
  }

  function lose(task: Task, reason: string): void {
    if (task.lost !== undefined) return
    task.lost = reason
    task.stop?.(new Error(`task ${task.id}: ${reason}`))
  }

  async function watch(): Promise<void> {
    if (versionWatch.rejected() !== undefined) return
    if (!store.opened) await store.open()
    await lanes.ensureAll()
    const all = lanes.all()
    if (all.length === 0) return
    const before = new Set(side.flying)
    const rows = await store.ended(
      all,
      [...held()].map(({ id }) => id),
    )
    if (rows.length > 0) await free(rows.filter((row) => !isHeld(row, before)))
    const some = await store.waiting(all)
    for (const { lane } of some) {
      const at = lanes.of(lane)
      if (at) at.slot.lean = true
    }
    if (some.some(({ suspect }) => suspect)) {
      suspected()
      side.runner().look()
    }
    await order(all)
    await lookForOrphans()
  }

  /**
   * Returns true if this process holds the claim, or is making it now. A claim for another receiver counts as held,
   * since this watch does not know that receiver's tasks.
   */
  function isHeld({ id, lane, token }: TaskRow, before: ReadonlySet<number>): boolean {
    if (!side.isOwn(token)) return false
    if (!lanes.of(lane)) return true
    if (before.has(token) || side.flying.has(token)) return true
    for (const task of held()) if (task.id === id && task.token === token) return true
    return false
  }

  /** Repairs lines (the tasks of one ordering key) in which no task may run, or in which two tasks may run. */
  async function order(all: readonly number[]): Promise<void> {
    const now = performance.now()
    if (now - ordered < LINES || !consumer.lanes().some((lane) => lane.ordered)) return
    ordered = now
    if (await repair(store, all, deadline)) claimable(0)
  }

  async function free(rows: readonly TaskRow[]): Promise<void> {
    // This process claimed these tasks but never ran them: their delivery was rejected, or the store's reply was lost.
    const stray = rows.filter(({ state, token }) => state < DONE && side.isOwn(token))
    const ruled = rows
      .filter(({ state, token }) => state < DONE && !side.isOwn(token))
      .map((row) => {
        const at = lanes.of(row.lane)
        return { row, at, ...cut(row, at?.slot.lane.attempts) }
      })
    const over = rows.filter(({ state }) => state >= DONE)
    const ended = [
      ...over,
      ...ruled.flatMap(({ row, error }) => (error || row.fold !== null ? row : [])),
    ]
    const cuts = ruled.map(({ row, change }) => patchOf(row, change))
    const backs = stray.map((row) => patchOf(row, givenBack(row).change))
    const letGoes = over.map((row) => patchOf(row, letGo(row).change))
    const ids = await store.atomic(deadline, (within) =>
      steps(function* (): Steps<ReadonlySet<number>> {
        yield* patchAll(within, letGoes, 'over', [])
        yield* patchAll(
          within,
          backs,
          'held',
          stray.filter(({ fold }) => fold !== null),
        )
        return yield* patchAll(within, cuts, 'ended', ended)
      }),
    )
    const freed = ruled.filter(({ row }) => ids.has(row.id))
    for (const { row, at, count, charged } of freed)
      if (at)
        consumer.interrupted?.({
          subscription: at.subscription,
          task: String(row.id),
          attempt: row.attempt,
          count,
          strikes: charged,
        })
    await bury(freed.filter(({ error, at }) => error && at))
    const waits = freed.flatMap(({ error, change }) => (error ? [] : change.wait!))
    if (waits.length > 0) claimable(Math.min(...waits))
    if (over.length + stray.length > 0) claimable(0)
  }

  function claimable(soonest: number): void {
    side.runner().dueAt(consumer.now() + soonest)
  }

  function buried(claim: Claim | undefined, error: TaskError): void {
    capacity.free(1)
    if (claim) consumer.settled(claim, { kind: 'dead', error }, true)
  }

  async function bury(
    dead: readonly (Cut & { readonly row: TaskRow; readonly at: ReturnType<Lanes['of']> })[],
  ): Promise<void> {
    if (dead.length === 0) return
    const found = await store.load(dead.map(({ row: { id } }) => id))
    for (const row of found) {
      const { at, error, row: before } = dead.find((one) => one.row.id === row.id)!
      try {
        const claimed = { ...at!, token: 0, free: undefined, leased: 0 }
        buried(claimOf(taskOf({ ...row, attempt: before.attempt }, claimed)), error!)
      } catch (failure) {
        consumer.warn(`task ${row.id} is dead as poison, and cannot be read: ${errorText(failure)}`)
        buried(undefined, error!)
      }
    }
  }
}

// Shortest time between two checks for orphans, in milliseconds.
const EVERY = 60_000

/**
 * Returns a function that checks for orphans: subscriptions that have pending tasks, but that the receiver no longer
 * has. Each orphan is logged once, and once more if it disappears and comes back. Checks at most once a minute.
 *
 * @example
 * const lookForOrphans = watchOrphans('myInbox', view, consumer)
 * await lookForOrphans()
 */
export function watchOrphans(
  inbox: string,
  { orphans }: Pick<InboxView, 'orphans'>,
  consumer: Consumer,
): () => Promise<void> {
  const told = new Set<string>()
  let last = -Infinity
  return async () => {
    const now = performance.now()
    if (now - last < EVERY) return
    last = now
    const found = (await orphans()).filter(({ receiver }) => receiver === consumer.receiver)
    for (const { receiver, subscription, pending } of found) {
      if (told.has(subscription)) continue
      told.add(subscription)
      consumer.warn(
        `${inbox}: ${pending} tasks of subscription ${subscription} are waiting, and receiver ${receiver} has no subscription of that name here; give the one that replaces it previousNames: ['${subscription}'], or delete them`,
      )
    }
    for (const name of told)
      if (!found.some(({ subscription }) => subscription === name)) told.delete(name)
  }
}

/**
 * Returns the rows that have pending tasks, and whose subscription no consumer has under a current or previous name.
 */
export function orphansOf(
  rows: readonly Orphan[],
  consumers: readonly Consumer[],
): readonly Orphan[] {
  const known = new Set(
    consumers.flatMap((consumer) =>
      consumer
        .lanes()
        .flatMap(({ name, previousNames }) =>
          [name, ...previousNames].map((each) => key(consumer.receiver, each)),
        ),
    ),
  )
  return rows.filter(
    ({ receiver, subscription, pending }) => pending > 0 && !known.has(key(receiver, subscription)),
  )
}

function key(receiver: string, subscription: string): string {
  return JSON.stringify([receiver, subscription])
}

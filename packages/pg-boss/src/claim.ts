import { startable, suspects, type Consumer, type Runner, type Slot } from '@postern/core/inbox'
import { claimSql } from './claim-sql.ts'
import type { Engine } from './engine.ts'
import { explain } from './errors.ts'
import type { JobData } from './jobs.ts'
import type { Lanes } from './lanes.ts'
import { createLoad } from './load.ts'
import type { Task } from './task.ts'
import { ALONE } from './turns.ts'

/** Claims ready tasks for the slots that are hungry. */
export interface Claims {
  fetch(over: (failed?: boolean) => void): void
  /** There are suspects: the next claims ask for one. */
  suspected(): void
}

/** The port as claiming sees it. */
export interface ClaimHost {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly runner: () => Runner<Task>
  /** True while a drain runs: the rooms of slots then share what it may run. */
  readonly draining: () => boolean
  /** Gives turns to failed tasks of fair keys that are due. */
  readonly promote: () => Promise<void>
}

/** A claimed job. */
export interface Fetched {
  readonly id: string
  readonly name: string
  readonly data: JobData
  readonly count: number
  readonly priority: number
}

interface Wish {
  readonly slot: Slot<Task>
  readonly queue: string
  /** Tasks it may have ahead. */
  readonly room: number
  /** Tasks it can start at once. */
  readonly now: number
}

// Tasks of one statement: for 5,000 subscriptions one statement claims for all, and the next goes on behind it.
const MOST = 1000
// Queues from which on PostgreSQL would compile the statement, unless a transaction forbids it.
const MANY = 100

/** Makes the claims of a receiver. */
export function createClaims(engine: Engine, host: ClaimHost): Claims {
  const { db, settings } = engine
  const { consumer, lanes, runner } = host
  const load = createLoad(engine, consumer)
  const sql = claimSql(settings.schema)
  let alone = false
  let first = 0

  return {
    fetch(over) {
      claim().then(
        () => over(),
        (error: unknown) => {
          consumer.warn(`tasks could not be claimed: ${explain(error)}`)
          over(true)
        },
      )
    },
    suspected() {
      alone = true
    },
  }

  async function claim(): Promise<void> {
    if (!engine.started) await engine.ready()
    await host.promote()
    const wanted = wish()
    if (wanted.length === 0) return
    // All slots share the room that a drain has left: they must not take it twice.
    const most = host.draining() ? Math.max(...wanted.map(({ room }) => room)) : MOST
    const gate = alone ? suspects.take(runner().look) : undefined
    let jobs: readonly Fetched[] = []
    // Before the statement: tasks that become ready while it runs set it again.
    for (const { slot } of wanted) slot.backlog = false
    try {
      jobs = await execute(wanted, most, gate ? 1 : 0)
      note(wanted, jobs, jobs.length >= most)
    } catch (error) {
      for (const { slot } of wanted) slot.backlog = true
      throw error
    } finally {
      if (gate && !jobs.some(({ priority }) => priority === ALONE)) {
        alone = false
        gate()
      }
    }
    await hand(jobs, gate)
  }

  async function execute(
    wanted: readonly Wish[],
    most: number,
    suspected: number,
  ): Promise<readonly Fetched[]> {
    const values = [
      wanted.map(({ queue }) => queue),
      wanted.map(({ room }) => room),
      wanted.map(({ now }) => now),
      most,
      suspected,
    ]
    const { rows } =
      wanted.length < MANY
        ? await db.executeSql(sql, values)
        : await db.transaction(settings.deadline, (client) => client.executeSql(sql, values))
    return rows as unknown as readonly Fetched[]
  }

  /** Queues with room. They begin behind those that were asked last, if not all could be served. */
  function wish(): readonly Wish[] {
    const hungry = runner().hungry()
    return hungry
      .map((_, at) => hungry[(first + at) % hungry.length]!)
      .flatMap(({ slot, room }) => {
        const now = Math.max(0, Math.min(startable(slot), room))
        return room > 0 ? lanes.queuesOf(slot).map((queue) => ({ slot, queue, room, now })) : []
      })
  }

  /** A slot whose room was filled may have more tasks; so may all slots, if the statement reached its limit before them. */
  function note(wanted: readonly Wish[], jobs: readonly Fetched[], cut: boolean): void {
    first = cut ? first + MOST : 0
    const found = Map.groupBy(jobs, (job) => job.name)
    for (const { slot, queue, room, now } of wanted) {
      const its = found.get(queue) ?? []
      if (cut || its.length >= room) slot.backlog = true
      if (now > 0 && !its.some(({ priority }) => priority > 0)) slot.lean = false
    }
  }

  async function hand(jobs: readonly Fetched[], gate: (() => void) | undefined): Promise<void> {
    if (jobs.length === 0) return
    for (const { name } of jobs) runner().reserve(lanes.of(name)!.slot, 1)
    let tasks: readonly Task[] = []
    try {
      tasks = await load(lanes, jobs, gate)
    } finally {
      const loaded = new Set(tasks.map((task) => task.id))
      for (const { id, name, priority } of jobs) {
        if (loaded.has(id)) continue
        runner().reserve(lanes.of(name)!.slot, -1)
        if (priority === ALONE) gate?.()
      }
      runner().start(tasks)
    }
  }
}

import { suspects, type Consumer } from '@postern/core/inbox'
import { claimSql } from './claim-sql.ts'
import type { Engine } from './engine.ts'
import { explain } from './errors.ts'
import type { JobData } from './jobs.ts'
import { capacityOf, type Claimed, type Drain, type Lanes, type Slot } from './lanes.ts'
import { createLoad } from './load.ts'
import { ALONE } from './turns.ts'

/** Claims ready tasks for the free slots of a receiver. */
export interface Claims {
  /** Looks for ready tasks now, or when the look that runs is over. */
  wake(): void
  /** A slot has room again: claims more where more was seen. */
  refill(slot: Slot): void
  /** Claims at most that many for a drain, and gives their number. */
  take(most: number, drain: Drain): Promise<number>
  /** There are suspects: the next claims ask for one. */
  suspected(): void
  /** Resolves when no claim runs. */
  idle(): Promise<void>
}

/** What claiming needs of its port. */
export interface ClaimHost {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly active: () => boolean
  readonly start: (claimed: readonly Claimed[]) => void
  /** Gives turns to failed tasks of fair keys that are due. */
  readonly promote: () => Promise<void>
}

/** A job as it was claimed. */
export interface Fetched {
  readonly id: string
  readonly name: string
  readonly data: JobData
  readonly count: number
  readonly priority: number
}

// Tasks of one statement: for 5,000 subscriptions one statement claims for all, and the next goes on behind it.
const MOST = 1000
const MANY = 100

/** Makes the claims of a receiver. */
export function createClaims(engine: Engine, host: ClaimHost): Claims {
  const { db, settings } = engine
  const load = createLoad(engine, host.consumer)
  const sql = claimSql(settings.schema)
  /** Queues that may have more than was claimed. */
  const backlog = new Set<string>()
  let looking: Promise<unknown> | undefined
  let asked = false
  let alone = false
  let first = 0

  return {
    wake,
    refill(slot) {
      // A half-empty slot is filled at once and not task by task, so that a claim is worth its round trip.
      const room = capacityOf(slot) - slot.claimed
      if (room < capacityOf(slot) / 2 && slot.queue.length > 0) return
      if (slot.queues.some((queue) => backlog.has(queue))) wake()
    },
    take: (most, drain) => {
      const before = looking ?? Promise.resolve()
      const taking = before.catch(() => {}).then(() => claim(Math.min(most, MOST), drain))
      looking = taking
        .catch(() => {})
        .finally(() => {
          if (looking === taking) looking = undefined
        })
      return taking
    },
    suspected() {
      alone = true
    },
    idle: () => Promise.resolve(looking).then(() => {}),
  }

  function wake(): void {
    asked = true
    if (looking || !host.active()) return
    looking = turn()
      .catch((error: unknown) =>
        host.consumer.warn(`tasks could not be claimed: ${explain(error)}`),
      )
      .finally(() => {
        looking = undefined
        if (asked && host.active() && engine.started) wake()
      })
  }

  async function turn(): Promise<void> {
    // What was asked is gone when this fails: the next poll asks again.
    asked = false
    if (!engine.started) await engine.ready()
    if ((await claim(MOST, undefined)) === MOST) asked = true
  }

  async function claim(most: number, drain: Drain | undefined): Promise<number> {
    await host.promote()
    const wanted = wish(most)
    if (wanted.length === 0) return 0
    for (const { slot, room } of wanted) slot.claimed += room
    const gate = alone ? suspects.take(wake) : undefined
    let jobs: readonly Fetched[] = []
    try {
      const { rows } = await execute(
        [
          wanted.map(({ queue }) => queue),
          wanted.map(({ room }) => room),
          wanted.map(({ now }) => now),
          most,
          gate ? 1 : 0,
        ],
        wanted.length,
      )
      jobs = rows as unknown as Fetched[]
    } finally {
      for (const { slot, room } of wanted) slot.claimed -= room
      if (gate && !jobs.some(({ priority }) => priority === ALONE)) {
        alone = false
        gate()
      }
    }
    note(wanted, jobs, jobs.length >= most)
    await hand(jobs, drain, gate)
    return jobs.length
  }

  /** For many queues PostgreSQL would compile the statement first, outside of a transaction. */
  function execute(values: unknown[], queues: number): ReturnType<typeof db.executeSql> {
    if (queues < MANY) return db.executeSql(sql, values)
    return db.transaction(settings.deadline, (client) => client.executeSql(sql, values))
  }

  /** Queues with room. They begin behind those that were asked last, if not all could be served. */
  function wish(most: number): readonly Wish[] {
    const slots = host.lanes.all()
    const wanted: Wish[] = []
    for (let at = 0; at < slots.length; at++) {
      const slot = slots[(first + at) % slots.length]!
      const room = Math.min(capacityOf(slot) - slot.claimed, most)
      // Whether it has more is asked when it has room.
      if (room <= 0) for (const queue of slot.queues) backlog.add(queue)
      else {
        const now = Math.max(0, slot.lane.concurrency - slot.running - slot.queue.length)
        for (const queue of slot.queues) wanted.push({ slot, queue, room, now })
      }
    }
    return wanted
  }

  function note(wanted: readonly Wish[], jobs: readonly Fetched[], cut: boolean): void {
    const found = Map.groupBy(jobs, (job) => job.name)
    for (const { queue, room } of wanted) {
      if ((found.get(queue)?.length ?? 0) >= room) backlog.add(queue)
      else if (!cut) backlog.delete(queue)
    }
    if (!cut) return
    const slots = host.lanes.all()
    const last = host.lanes.of(jobs.at(-1)!.name)?.slot
    first = (Math.max(0, slots.indexOf(last!)) + 1) % slots.length
  }

  async function hand(
    jobs: readonly Fetched[],
    drain: Drain | undefined,
    gate: (() => void) | undefined,
  ): Promise<void> {
    if (jobs.length === 0) return
    for (const { name } of jobs) host.lanes.of(name)!.slot.claimed++
    let claimed: readonly Claimed[] = []
    try {
      claimed = await load(host.lanes, jobs, drain, gate)
    } finally {
      const loaded = new Set(claimed.map((task) => task.id))
      for (const { id, name, priority } of jobs) {
        if (loaded.has(id)) continue
        host.lanes.of(name)!.slot.claimed--
        if (priority === ALONE) gate?.()
      }
      host.start(claimed)
    }
  }
}

interface Wish {
  readonly slot: Slot
  readonly queue: string
  /** Tasks it may have ahead. */
  readonly room: number
  /** Tasks it can start at once. */
  readonly now: number
}

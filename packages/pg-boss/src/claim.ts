import type { Consumer } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { explain } from './errors.ts'
import { capacityOf, type Claimed, type Lanes, type Slot } from './lanes.ts'
import { createLoad, type Fetched } from './load.ts'

/** Claims ready tasks for the free slots of a receiver. */
export interface Claims {
  /** Looks for ready tasks now, or when the look under way is over. */
  wake(): void
  /** A slot has room again: claims more where more was seen. */
  refill(slot: Slot): void
  /** Resolves when no claim is under way. */
  idle(): Promise<void>
}

/** What claiming needs of its port. */
export interface ClaimHost {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly active: () => boolean
  readonly start: (claimed: readonly Claimed[]) => void
}

/** Makes the claims of a receiver. */
export function createClaims(engine: Engine, host: ClaimHost): Claims {
  const { db, settings } = engine
  const load = createLoad(engine, host.consumer)
  const look = `SELECT q.name,
    EXISTS (SELECT 1 FROM ${settings.schema}.job j WHERE j.name = q.name AND j.state < 'active' AND NOT j.blocked
      AND j.start_after <= clock_timestamp() AND j.priority <= 0) AS fresh,
    EXISTS (SELECT 1 FROM ${settings.schema}.job j WHERE j.name = q.name AND j.state < 'active' AND NOT j.blocked
      AND j.start_after <= clock_timestamp() AND j.priority > 0) AS again
    FROM unnest($1::text[]) AS q(name)`
  /** Queues that may have more than was fetched. */
  const backlog = new Set<string>()
  let looking: Promise<void> | undefined
  let asked = false

  return {
    wake,
    refill(slot) {
      // A half-empty slot is filled at once and not task by task, so that a fetch is worth its round trip.
      const room = capacityOf(slot) - slot.claimed
      if (room < capacityOf(slot) / 2 && slot.queue.length > 0) return
      if (slot.queues.some((queue) => backlog.has(queue))) wake()
    },
    idle: () => looking ?? Promise.resolve(),
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
    const free: Slot[] = []
    for (const slot of host.lanes.all()) {
      if (capacityOf(slot) > slot.claimed) free.push(slot)
      // Whether it has more is asked when it has room.
      else for (const queue of slot.queues) backlog.add(queue)
    }
    if (free.length === 0) return
    const names = free.flatMap((slot) => slot.queues)
    const { rows } = await db.executeSql(look, [names])
    const fetches = rows.map(async (row) => {
      const queue = row['name'] as string
      const slot = free.find((one) => one.queues.includes(queue))!
      if (row['fresh'] !== true && row['again'] !== true) return void backlog.delete(queue)
      const jobs = [
        ...(row['again'] === true ? await again(slot, queue) : []),
        ...(row['fresh'] === true ? await fresh(slot, queue) : []),
      ]
      await hand(slot, queue, jobs)
    })
    await Promise.all(fetches)
  }

  /** Tasks that were tried before come one a free slot: claimed ahead of time, those around one that takes its process down would lose an attempt with it. */
  function again(slot: Slot, queue: string): Promise<Fetched[]> {
    return fetch(slot, queue, slot.lane.concurrency - slot.claimed, { minPriority: 1 })
  }

  function fresh(slot: Slot, queue: string): Promise<Fetched[]> {
    return fetch(slot, queue, capacityOf(slot) - slot.claimed, { maxPriority: 0 })
  }

  async function fetch(
    slot: Slot,
    queue: string,
    room: number,
    priority: { minPriority?: number; maxPriority?: number },
  ): Promise<Fetched[]> {
    backlog.add(queue)
    if (room <= 0) return []
    slot.claimed += room
    let jobs: Fetched[] = []
    try {
      jobs = (await engine.boss.fetch(queue, { batchSize: room, db, ...priority })) as Fetched[]
    } finally {
      slot.claimed -= room - jobs.length
    }
    return jobs
  }

  async function hand(slot: Slot, queue: string, jobs: readonly Fetched[]): Promise<void> {
    if (jobs.length === 0) return
    let claimed: readonly Claimed[] = []
    try {
      claimed = await load(slot, queue, jobs)
    } finally {
      slot.claimed -= jobs.length - claimed.length
      host.start(claimed)
    }
  }
}

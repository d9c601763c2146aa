import { DONE } from '@postern/core/engine'
import { COUNT_LANE, COUNT_TENANT } from '../sql/tasks.ts'
import type { Database } from '../driver/driver.ts'
import type { RowCache } from './writer.ts'

/** Counts tasks by lane (a subscription) and state, and open tasks by tenant, so that limits need not count rows. */
export interface Tally extends RowCache {
  /** Counts tasks that change their state. Without `from`, the tasks are new; without `to`, they were deleted. */
  move(
    lane: number,
    from: number | undefined,
    to: number | undefined,
    fair: string | null,
    count?: number,
  ): void
  /** Returns the change in the number of open tasks of a tenant, made by this transaction. */
  openedOf(lane: number, fair: string): number
}

export function createTally(db: Database): Tally {
  const countLane = db.prepare(COUNT_LANE)
  const countTenant = db.prepare(COUNT_TENANT)
  const lanes = new Map<number, [number, number, number, number]>()
  const tenants = new Map<string, { readonly lane: number; readonly fair: string; by: number }>()

  return { move, openedOf, store, stored: forget, forget }

  function move(
    lane: number,
    from: number | undefined,
    to: number | undefined,
    fair: string | null,
    count = 1,
  ): void {
    let counts = lanes.get(lane)
    if (!counts) lanes.set(lane, (counts = [0, 0, 0, 0]))
    if (from !== undefined) counts[from]! -= count
    if (to !== undefined) counts[to]! += count
    if (fair === null) return
    const by = (isOpen(to) ? count : 0) - (isOpen(from) ? count : 0)
    if (by === 0) return
    const key = `${lane} ${fair}`
    const tenant = tenants.get(key)
    if (tenant) tenant.by += by
    else tenants.set(key, { lane, fair, by })
  }

  function openedOf(lane: number, fair: string): number {
    return tenants.get(`${lane} ${fair}`)?.by ?? 0
  }

  function store(): void {
    for (const [lane, counts] of lanes)
      if (counts.some((count) => count !== 0)) countLane.run(...counts, lane)
    for (const { lane, fair, by } of tenants.values()) countTenant.run(lane, fair, by, by)
    // Resets the counts, since later writes of the same transaction are counted from zero.
    forget()
  }

  function forget(): void {
    if (lanes.size > 0) lanes.clear()
    if (tenants.size > 0) tenants.clear()
  }
}

function isOpen(state: number | undefined): boolean {
  return state !== undefined && state < DONE
}

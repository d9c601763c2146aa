import type { Database } from './driver/driver.ts'
import type { Kept } from './work.ts'

/**
 * Turns of tenants. A new task gets `max(turn the lane has reached, last turn of its tenant) + 1`, and claims take the
 * lowest turn first: a tenant with one task comes after at most one task of each other tenant. Inside a transaction.
 */
export interface Turns extends Kept {
  /** The next turn of a tenant, and the tenant's number. */
  next(lane: number, key: string): Turn
  /** The next turn of a tenant, by its number. */
  again(lane: number, tenant: number): number
  /** A task with this turn was claimed. */
  reach(lane: number, turn: number): void
}

/** The turn of a task. */
export interface Turn {
  readonly tenant: number
  readonly turn: number
}

/** For lanes without tenants. */
export const NO_TURN: Turn = { tenant: 0, turn: 0 }

/** Makes the turns of a connection. */
export function createTurns(db: Database): Turns {
  const findTenant = db.prepare('SELECT id, turn FROM postern_tenants WHERE key = ? AND lane = ?')
  const keyOf = db.prepare('SELECT key FROM postern_tenants WHERE id = ?')
  const addTenant = db.prepare('INSERT INTO postern_tenants (lane, key) VALUES (?, ?)')
  const setTenant = db.prepare('UPDATE postern_tenants SET turn = ? WHERE id = ?')
  const findLane = db.prepare('SELECT turn FROM postern_lanes WHERE id = ?')
  const setLane = db.prepare('UPDATE postern_lanes SET turn = ? WHERE id = ? AND turn < ?')
  const lanes = new Map<number, LaneTurns>()

  return { next, again, reach, store, stored: () => lanes.clear(), forget: () => lanes.clear() }

  function next(lane: number, key: string): Turn {
    const { tenants, reached } = turnsOf(lane)
    let tenant = tenants.get(key)
    if (!tenant) tenants.set(key, (tenant = load(lane, key)))
    tenant.turn = Math.max(reached, tenant.turn) + 1
    return { tenant: tenant.id, turn: tenant.turn }
  }

  function again(lane: number, tenant: number): number {
    const row = keyOf.get(tenant) as { key: string } | undefined
    if (row) return next(lane, row.key).turn
    // Tidied away while no task of it was open: the tenant begins behind the turn that the lane has reached.
    const { tenants, reached } = turnsOf(lane)
    const turn = Math.max(reached, tenants.get(tenant)?.turn ?? 0) + 1
    tenants.set(tenant, { id: tenant, turn })
    return turn
  }

  function reach(lane: number, turn: number): void {
    const turns = turnsOf(lane)
    if (turn > turns.reached) turns.reached = turn
  }

  function turnsOf(lane: number): LaneTurns {
    let turns = lanes.get(lane)
    if (!turns) {
      const { turn } = findLane.get(lane) as { turn: number }
      lanes.set(lane, (turns = { reached: turn, tenants: new Map() }))
    }
    return turns
  }

  function load(lane: number, key: string): Tenant {
    const row = findTenant.get(key, lane) as Tenant | undefined
    if (row) return { id: row.id, turn: row.turn }
    return { id: Number(addTenant.run(lane, key).lastInsertRowid), turn: 0 }
  }

  function store(): void {
    for (const [lane, { reached, tenants }] of lanes) {
      setLane.run(reached, lane, reached)
      for (const { id, turn } of tenants.values()) setTenant.run(turn, id)
    }
  }
}

interface LaneTurns {
  reached: number
  /** By key; by number if the key is not known. */
  readonly tenants: Map<string | number, Tenant>
}

interface Tenant {
  readonly id: number
  turn: number
}

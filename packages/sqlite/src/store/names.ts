import type { LaneRow } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import {
  ADD_LANE,
  ADD_RECEIVER,
  EVERY_LANE,
  FIND_RECEIVER,
  LANES_OF,
  MOVE_LINES,
  SET_ROOT,
} from '../sql/tasks.ts'

/** Numbers of receivers and lanes (subscriptions). Call `receiver` and `lanes` in a transaction. */
export interface Names {
  /** Returns the number of a receiver. Adds the receiver if it is new. */
  receiver(name: string): number
  /**
   * Returns the lanes of all groups. A group is a subscription with its previous names, which share a root, a number
   * for the order of tasks. Returns undefined if a lane is missing, or if lanes of a group have different roots.
   */
  find(receiver: string, groups: readonly (readonly string[])[]): readonly LaneRow[] | undefined
  /** Finds the lanes of all groups, and adds those that are missing. */
  lanes(receiver: string, groups: readonly (readonly string[])[]): readonly LaneRow[]
  every(): readonly LaneRow[]
  /** Drops the cached receivers after a rollback. */
  forget(): void
}

interface Row extends LaneRow {
  readonly root: number
}

export function createNames(db: Database): Names {
  const findReceiver = db.prepare(FIND_RECEIVER)
  const addReceiver = db.prepare(ADD_RECEIVER)
  const lanesOf = db.prepare(LANES_OF)
  const everyLane = db.prepare(EVERY_LANE)
  const addLane = db.prepare(ADD_LANE)
  const setRoot = db.prepare(SET_ROOT)
  const moveLines = db.prepare(MOVE_LINES)
  const receivers = new Map<string, number>()

  return {
    receiver,
    find,
    lanes(name, groups) {
      const found = find(name, groups)
      if (found) return found
      make(name, groups)
      return find(name, groups)!
    },
    every: () => everyLane.all() as LaneRow[],
    forget: () => receivers.clear(),
  }

  function find(
    name: string,
    groups: readonly (readonly string[])[],
  ): readonly LaneRow[] | undefined {
    const rows = byName(name)
    const found: LaneRow[] = []
    for (const group of groups) {
      const its = group.map((lane) => rows.get(lane))
      if (its.some((row) => row === undefined || row.root !== its[0]!.root)) return undefined
      found.push(...(its as Row[]))
    }
    return found
  }

  /** Adds missing lanes. If several names are one subscription now, also joins their ordered groups. */
  function make(name: string, groups: readonly (readonly string[])[]): void {
    const owner = receiver(name)
    const rows = byName(name)
    for (const group of groups) {
      const roots = new Set(group.flatMap((lane) => rows.get(lane)?.root ?? []))
      let root = roots.size === 0 ? undefined : Math.min(...roots)
      for (const other of roots) {
        if (other === root) continue
        setRoot.run(root!, other)
        moveLines.run(root!, other)
      }
      for (const lane of group) {
        if (rows.has(lane)) continue
        const id = Number(addLane.run(owner, lane, root ?? 0).lastInsertRowid)
        if (root === undefined) setRoot.run((root = id), 0)
        rows.set(lane, { lane: id, name: lane, receiver: name, root })
      }
    }
  }

  function receiver(name: string): number {
    let id = receivers.get(name)
    if (id === undefined) {
      const row = findReceiver.get(name) as { id: number } | undefined
      id = row?.id ?? Number(addReceiver.run(name).lastInsertRowid)
      receivers.set(name, id)
    }
    return id
  }

  function byName(receiverName: string): Map<string, Row> {
    return new Map((lanesOf.all(receiverName) as Row[]).map((row) => [row.name, row]))
  }
}

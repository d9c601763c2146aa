import type { TaskState } from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'

/** States as they are stored. */
export const PENDING = 0
export const RUNNING = 1
export const DONE = 2
export const DEAD = 3
/** Their names, by number. */
export const STATES: readonly TaskState[] = ['pending', 'running', 'done', 'dead']

/**
 * Numbers of receivers and lanes, and how many tasks each lane has in each state. The counts are changed in the
 * transaction that changes the tasks, so that bounds and statistics never have to count rows.
 */
export interface Tally {
  /** Number of a receiver; made if it is new. Inside a transaction. */
  receiver(name: string): number
  /** Number of a lane; made if it is new. Inside a transaction. */
  lane(receiver: string, name: string): number
  /** Name of a lane, and number of its receiver. */
  laneOf(lane: number): LaneName
  /** Number of a lane that is in the file already, as far as this process knows. */
  find(receiver: string, name: string): number | undefined
  /** Learns the lanes other processes made. */
  load(receiver: string): void
  /** Counts a task that changed its state; undefined: it was not there before, or is not any more. */
  move(lane: number, from: number | undefined, to: number | undefined, tenant: number): void
  /** Open tasks of a tenant of a receiver, those of the open transaction included. */
  openOf(receiver: number, tenant: string): number
  /** Tasks of a receiver that are pending or running. Inside a transaction. */
  open(receiver: number): number
  /** Writes the changes. */
  store(): void
  /** They are committed. */
  stored(): void
  /** They were rolled back, and with them perhaps a new number. */
  forget(): void
}

/** What a lane is. */
export interface LaneName {
  readonly name: string
  readonly receiver: number
  /** Name of its receiver. */
  readonly owner: string
}

/** Changes of a lane in the open transaction, and the room of its receiver. */
interface Change {
  readonly counts: [number, number, number, number]
  readonly room: Room
}

/** Open tasks of a receiver: at the begin of the transaction, once somebody asked, and added since. */
interface Room {
  before: number | undefined
  added: number
}

/** Makes the tally of a connection. */
export function createTally(db: Database): Tally {
  const findReceiver = db.prepare('SELECT id FROM postern_receivers WHERE name = ?')
  const addReceiver = db.prepare('INSERT INTO postern_receivers (name) VALUES (?)')
  const findLane = db.prepare('SELECT id FROM postern_lanes WHERE receiver = ? AND name = ?')
  const findName = db.prepare(
    'SELECT l.name, l.receiver, r.name AS owner FROM postern_lanes l JOIN postern_receivers r ON r.id = l.receiver WHERE l.id = ?',
  )
  const findLanes = db.prepare(
    'SELECT l.id, l.name FROM postern_lanes l JOIN postern_receivers r ON r.id = l.receiver WHERE r.name = ?',
  )
  const addLane = db.prepare('INSERT INTO postern_lanes (receiver, name) VALUES (?, ?)')
  const countOpen = db.prepare(
    'SELECT sum(pending + running) AS open FROM postern_lanes WHERE receiver = ?',
  )
  const changeLane = db.prepare(
    'UPDATE postern_lanes SET pending = pending + ?, running = running + ?, done = done + ?, dead = dead + ? WHERE id = ?',
  )
  const receivers = new Map<string, number>()
  const lanes = new Map<string, Map<string, number>>()
  const names = new Map<number, LaneName>()
  const findTenant = db.prepare(
    'SELECT t.id, t.open FROM postern_tenants t JOIN postern_lanes l ON l.id = t.lane WHERE t.key = ? AND l.receiver = ?',
  )
  const changeTenant = db.prepare('UPDATE postern_tenants SET open = open + ? WHERE id = ?')
  const changes = new Map<number, Change>()
  const tenants = new Map<number, number>()
  const rooms = new Map<number, Room>()

  return { receiver, lane, laneOf, find, load, move, open, openOf, store, stored, forget }

  function receiver(name: string): number {
    let id = receivers.get(name)
    if (id === undefined) {
      const row = findReceiver.get(name) as { id: number } | undefined
      id = row?.id ?? Number(addReceiver.run(name).lastInsertRowid)
      receivers.set(name, id)
    }
    return id
  }

  function lane(owner: string, name: string): number {
    let id = find(owner, name)
    if (id === undefined) {
      const number = receiver(owner)
      const row = findLane.get(number, name) as { id: number } | undefined
      id = row?.id ?? Number(addLane.run(number, name).lastInsertRowid)
      lanes.get(owner)!.set(name, id)
    }
    return id
  }

  function laneOf(id: number): LaneName {
    let name = names.get(id)
    if (name === undefined) names.set(id, (name = findName.get(id) as unknown as LaneName))
    return name
  }

  function find(owner: string, name: string): number | undefined {
    if (!lanes.has(owner)) load(owner)
    return lanes.get(owner)!.get(name)
  }

  function load(owner: string): void {
    const rows = findLanes.all(owner) as unknown as { id: number; name: string }[]
    lanes.set(owner, new Map(rows.map((row) => [row.name, row.id])))
  }

  function move(
    id: number,
    from: number | undefined,
    to: number | undefined,
    tenant: number,
  ): void {
    let change = changes.get(id)
    if (!change) {
      change = { counts: [0, 0, 0, 0], room: roomOf(laneOf(id).receiver) }
      changes.set(id, change)
    }
    const { counts, room } = change
    if (from !== undefined) {
      counts[from]!--
      if (from < DONE) room.added--
    }
    if (to !== undefined) {
      counts[to]!++
      if (to < DONE) room.added++
    }
    if (tenant === 0) return
    const by = (to !== undefined && to < DONE ? 1 : 0) - (from !== undefined && from < DONE ? 1 : 0)
    if (by !== 0) tenants.set(tenant, (tenants.get(tenant) ?? 0) + by)
  }

  function openOf(owner: number, tenant: string): number {
    const rows = findTenant.all(tenant, owner) as unknown as { id: number; open: number }[]
    return rows.reduce((sum, { id, open: before }) => sum + before + (tenants.get(id) ?? 0), 0)
  }

  function open(owner: number): number {
    const room = roomOf(owner)
    room.before ??= (countOpen.get(owner) as { open: number | null }).open ?? 0
    return room.before + room.added
  }

  function roomOf(owner: number): Room {
    let room = rooms.get(owner)
    if (!room) rooms.set(owner, (room = { before: undefined, added: 0 }))
    return room
  }

  function store(): void {
    for (const [id, { counts }] of changes)
      if (counts.some((count) => count !== 0)) changeLane.run(...counts, id)
    for (const [id, by] of tenants) changeTenant.run(by, id)
  }

  function stored(): void {
    changes.clear()
    rooms.clear()
    if (tenants.size > 0) tenants.clear()
  }

  function forget(): void {
    stored()
    receivers.clear()
    lanes.clear()
    names.clear()
  }
}

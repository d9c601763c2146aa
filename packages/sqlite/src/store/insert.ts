import {
  PENDING,
  RUNNING,
  DONE,
  TASKS,
  type NewDelivery,
  type NewEvent,
  type NewTask,
  type StoreBatch,
} from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import {
  ADD_CLAIMS,
  ADD_DELIVERY,
  ADD_EVENT,
  LOOSE,
  PASSING,
  ADD_TASK,
  ADD_WAITING,
} from '../sql/tasks.ts'
import type { Keys } from '../keys/keys.ts'
import type { Names } from './names.ts'
import { isKeyOf, type Tenants } from '../keys/tenants.ts'
import type { Tally } from './tally.ts'

export interface InsertParts {
  readonly names: Pick<Names, 'receiver'>
  readonly keys: Pick<Keys, 'hash' | 'find' | 'add'>
  readonly tenants: Tenants
  readonly tally: Tally
}

/** Inserts rows. Call its methods in a transaction; `now` is the time of the file's clock. */
interface Insert {
  events(batch: StoreBatch, now: number): ReadonlySet<NewEvent>
  task(task: NewTask, id: number, now: number): void
}

interface Group {
  readonly lane: number
  readonly token: number
  readonly ids: number[]
}

export function createInsert(db: Database, parts: InsertParts): Insert {
  const { names, keys, tenants, tally } = parts
  const addDelivery = db.prepare(ADD_DELIVERY)
  const addEvent = db.prepare(ADD_EVENT)
  const pass = db.prepare(PASSING)
  const loosen = db.prepare(LOOSE)
  const addClaims = db.prepare(ADD_CLAIMS)
  const addWaiting = db.prepare(ADD_WAITING)
  const addTask = db.prepare(ADD_TASK)

  return { events, task }

  function events(batch: StoreBatch, now: number): ReadonlySet<NewEvent> {
    const fresh = new Set<NewEvent>()
    const shared = new Map<NewDelivery, number>()
    for (const event of batch.events) if (store(event, shared, now)) fresh.add(event)
    let groups: Group[] | undefined
    for (const one of batch.tasks) {
      if (!fresh.has(one.event!)) continue
      const id = one.event!.number * TASKS + one.n
      if (!isPlain(one)) task(one, id, now)
      else push((groups ??= []), one, id)
    }
    // All tasks of a lane (a subscription) that need no extra columns are stored with one statement.
    for (const { lane, token, ids } of groups ?? []) {
      if (token === 0) addWaiting.run(lane, now, `[${ids.join()}]`)
      else addClaims.run(token, lane, now, ids.length, `[${ids.join()}]`)
      // The lane counts claimed tasks as done from the start, so that the end of a task does not change the row of the
      // lane. `postern_claims` has the number of tasks that still run.
      tally.move(lane, undefined, token === 0 ? PENDING : DONE, null, ids.length)
    }
    return fresh
  }

  /** Stores an event with its delivery. Returns false if the event is already known. */
  function store(one: NewEvent, shared: Map<NewDelivery, number>, now: number): boolean {
    const { event, delivery, record } = one
    const { key, dedupe, topic, id, tenant, passing } = event
    const owner = names.receiver(one.receiver)
    const hash = keys.hash(owner, key)
    if (dedupe && keys.find(hash, owner, key) !== undefined) return false
    const number = keys.add(hash)
    one.number = number
    if (tenant !== undefined) tenants.add(owner, tenant)
    const alone = delivery.events === 1
    addEvent.run(
      number,
      owner,
      key,
      delivery.received,
      now,
      topic,
      id ?? null,
      tenant ?? null,
      alone ? null : rowOf(delivery, shared),
      record,
      alone ? delivery.head : null,
      alone ? delivery.body : null,
    )
    if (passing) pass.run(number)
    if (id !== undefined && !isKeyOf(key, tenant, id)) loosen.run(number)
    return true
  }

  function rowOf(delivery: NewDelivery, shared: Map<NewDelivery, number>): number {
    let row = shared.get(delivery)
    if (row === undefined) {
      row = Number(addDelivery.run(delivery.head, delivery.body).lastInsertRowid)
      shared.set(delivery, row)
    }
    return row
  }

  function task(one: NewTask, id: number, now: number): void {
    const { lane, token, turn, part, data, line, fair, fold, wait, gate } = one
    const claimed = token !== 0
    addTask.run(
      id,
      lane,
      claimed ? RUNNING : PENDING,
      now + Math.ceil(wait),
      claimed ? 1 : 0,
      token,
      claimed ? 1 : 0,
      turn,
      part,
      data,
      line,
      fair,
      line !== null && !claimed ? 1 : 0,
      fold,
      gate,
      line,
      lane,
    )
    tally.move(lane, undefined, claimed ? RUNNING : PENDING, fair)
  }
}

function isPlain({ part, data, line, fair }: NewTask): boolean {
  return line === null && fair === null && data === null && part === ''
}

function push(groups: Group[], { lane, token }: NewTask, id: number): void {
  for (const group of groups)
    if (group.lane === lane && group.token === token) return void group.ids.push(id)
  groups.push({ lane, token, ids: [id] })
}

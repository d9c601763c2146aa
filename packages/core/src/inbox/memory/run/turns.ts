import { createQueue, type Queue } from './queue.ts'
import type { MemoryTask } from './task.ts'

/**
 * Makes a queue of tasks that may run: first in, first out. Tasks with a `fairKey` take turns by key, so a key waits for
 * at most one task of each other key. Without fair keys it is a plain queue.
 */
export function createTurnQueue(): Queue<MemoryTask> {
  const plain = createQueue<MemoryTask>()
  let fair: Queue<MemoryTask> | undefined

  return {
    push(task) {
      if (task.draft.fairKey !== undefined && !fair) {
        fair = createRing()
        for (let one = plain.shift(); one; one = plain.shift()) fair.push(one)
      }
      ;(fair ?? plain).push(task)
    },
    shift: () => (fair ?? plain).shift(),
    remove: (task) => (fair ?? plain).remove(task),
    get size() {
      return (fair ?? plain).size
    },
  }
}

interface Tenant {
  readonly key: string | undefined
  readonly queue: Queue<MemoryTask>
}

/** A queue for each key, and the keys in the order of their turns. */
function createRing(): Queue<MemoryTask> {
  const tenants = new Map<string | undefined, Tenant>()
  const turns = createQueue<Tenant>()
  let size = 0

  return {
    push(task) {
      const key = task.draft.fairKey
      let tenant = tenants.get(key)
      if (!tenant) {
        tenant = { key, queue: createQueue() }
        tenants.set(key, tenant)
        turns.push(tenant)
      }
      tenant.queue.push(task)
      size++
    },
    shift() {
      for (let tenant = turns.shift(); tenant; tenant = turns.shift()) {
        const task = tenant.queue.shift()
        // A key without tasks holds no turn.
        if (tenant.queue.size > 0) turns.push(tenant)
        else tenants.delete(tenant.key)
        if (!task) continue
        size--
        return task
      }
      return undefined
    },
    remove(task) {
      const queue = tenants.get(task.draft.fairKey)?.queue
      const before = queue?.size ?? 0
      queue?.remove(task)
      size -= before - (queue?.size ?? 0)
    },
    get size() {
      return size
    },
  }
}

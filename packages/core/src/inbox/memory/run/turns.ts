import { createQueue, type Queue } from './queue.ts'
import type { MemoryTask } from './task.ts'

/**
 * Makes a queue of tasks that may run: first in, first out. Tasks with a `fairKey` take turns by key, so a key waits for
 * at most one task of each other key. Without fair keys it is a plain queue.
 */
export function createTurnQueue(): Queue<MemoryTask> {
  return new TurnQueue()
}

class TurnQueue implements Queue<MemoryTask> {
  readonly #plain = createQueue<MemoryTask>()
  #fair: Queue<MemoryTask> | undefined

  push(task: MemoryTask): void {
    if (task.draft.fairKey !== undefined && !this.#fair) {
      this.#fair = new Tenants()
      for (let one = this.#plain.shift(); one; one = this.#plain.shift()) this.#fair.push(one)
    }
    this.#queue.push(task)
  }

  shift(): MemoryTask | undefined {
    return this.#queue.shift()
  }

  remove(task: MemoryTask): void {
    this.#queue.remove(task)
  }

  get size(): number {
    return this.#queue.size
  }

  get #queue(): Queue<MemoryTask> {
    return this.#fair ?? this.#plain
  }
}

interface Tenant {
  readonly key: string | undefined
  readonly queue: Queue<MemoryTask>
}

/** A queue for each key, and the keys in the order of their turns. */
class Tenants implements Queue<MemoryTask> {
  readonly #tenants = new Map<string | undefined, Tenant>()
  readonly #turns = createQueue<Tenant>()
  #size = 0

  push(task: MemoryTask): void {
    const key = task.draft.fairKey
    let tenant = this.#tenants.get(key)
    if (!tenant) {
      tenant = { key, queue: createQueue() }
      this.#tenants.set(key, tenant)
      this.#turns.push(tenant)
    }
    tenant.queue.push(task)
    this.#size++
  }

  shift(): MemoryTask | undefined {
    for (let tenant = this.#turns.shift(); tenant; tenant = this.#turns.shift()) {
      const task = tenant.queue.shift()
      // A key without tasks holds no turn.
      if (tenant.queue.size > 0) this.#turns.push(tenant)
      else this.#tenants.delete(tenant.key)
      if (!task) continue
      this.#size--
      return task
    }
    return undefined
  }

  remove(task: MemoryTask): void {
    const queue = this.#tenants.get(task.draft.fairKey)?.queue
    const before = queue?.size ?? 0
    queue?.remove(task)
    this.#size -= before - (queue?.size ?? 0)
  }

  get size(): number {
    return this.#size
  }
}

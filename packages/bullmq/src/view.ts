import { type Consumer, type InboxView, type TaskFilter, type TaskInfo } from '@postern/core/inbox'
import { connected, runBuffer, type Client } from './connection.ts'
import { cursorOf, find } from './list.ts'
import { decodeLoaded, type Loaded } from './store.ts'
import { eventOfJob, parseQueueName, parseRef } from './names.ts'
import type { Queues } from './queues.ts'
import { handle, retry } from './revive.ts'
import { showTask } from './show.ts'
import { forgetSome } from './prune.ts'

/** What operators see and do. It asks Redis directly, so it shows what every process has left there. */
export function createView(
  client: Client,
  queues: Queues,
  prefix: string,
  deadline: number,
  consumers: () => readonly Consumer[],
): InboxView {
  return {
    async list({ limit = 100, cursor, ...filter } = {}) {
      await connected(client, deadline)
      const tasks: TaskInfo[] = []
      for await (const task of find(client, prefix, filter, cursor)) {
        if (tasks.length === limit) return { tasks, cursor: cursorOf(tasks.at(-1)!) }
        tasks.push(task)
      }
      return { tasks, cursor: undefined }
    },
    async get(id) {
      await connected(client, deadline)
      const info = await one(id)
      if (!info) return undefined
      const event = eventOfJob(parseRef(id).id)
      const found = (await runBuffer(client, 'posternLoad', prefix, event)) as Loaded | null
      return found ? { ...info, ...decodeLoaded(found) } : undefined
    },
    async stats() {
      await connected(client, deadline)
      const rows = []
      for (const name of (await names()).sort()) {
        const queue = await queues.get(name)
        const counts = await queue.getJobCounts('wait', 'delayed', 'active', 'completed', 'failed')
        rows.push({
          ...parseQueueName(name),
          counts: {
            pending: counts['wait']! + counts['delayed']!,
            running: counts['active']!,
            done: counts['completed']!,
            dead: counts['failed']!,
          },
        })
      }
      return rows
    },
    replay(filter) {
      const state = filter.state ?? 'dead'
      if (state !== 'dead' && state !== 'done') return 0
      return each({ ...filter, state }, (task) =>
        retry(queues, task.id, state === 'dead' ? 'failed' : 'completed'),
      )
    },
    discard: (filter) => each(filter, remove, ['pending', 'dead']),
    async prune(before) {
      const pruned = await each({ before }, remove, ['done', 'dead'])
      let place = 0
      do place = await forgetSome(client, prefix, before, place, () => false)
      while (place > 0)
      return pruned
    },
    async orphans() {
      await connected(client, deadline)
      const known = new Set(
        consumers().flatMap((consumer) =>
          consumer
            .lanes()
            .flatMap(({ name, formerly }) => [name, ...formerly])
            .map((name) => JSON.stringify([consumer.receiver, name])),
        ),
      )
      const rows = []
      for (const name of await names()) {
        const { receiver, subscription } = parseQueueName(name)
        if (known.has(JSON.stringify([receiver, subscription]))) continue
        const pending = await (await queues.get(name)).getJobCountByTypes('wait', 'delayed')
        if (pending > 0) rows.push({ receiver, subscription, pending })
      }
      return rows
    },
  }

  function names(): Promise<string[]> {
    return client.smembers(`${prefix}:queues`)
  }

  async function one(id: string): Promise<TaskInfo | undefined> {
    for await (const task of find(client, prefix, { id })) return task
    return undefined
  }

  /** Changes what matches, in order; the number of tasks that could be changed. */
  async function each(
    filter: TaskFilter,
    change: (task: TaskInfo) => Promise<boolean>,
    states?: readonly string[],
  ): Promise<number> {
    await connected(client, deadline)
    let count = 0
    for await (const task of find(client, prefix, filter)) {
      if (states && !states.includes(task.state)) continue
      if (await change(task)) count++
    }
    return count
  }

  /** Takes a job away. Its event stays known by its record, so that a redelivery makes none. */
  async function remove(task: TaskInfo): Promise<boolean> {
    try {
      await (await handle(queues, task.id)).remove()
      return true
    } catch (error) {
      // A worker has taken it meanwhile.
      if (/locked/.test(String(error))) return false
      if (await showTask(client, prefix, task.id)) throw error
      return false
    }
  }
}

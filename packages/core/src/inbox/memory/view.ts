import type { InboxView, TaskDetail, TaskFilter, TaskInfo, TaskState } from '../view.ts'
import type { MemoryPort } from './accept.ts'
import type { MemoryTask } from './task.ts'

interface Found {
  readonly port: MemoryPort
  readonly task: MemoryTask
}

/** The view of a memory inbox: pending, running and dead tasks. Done ones are forgotten but for their event's id. */
export function memoryView(ports: ReadonlyMap<string, MemoryPort>): InboxView {
  return {
    list(filter = {}) {
      const found = select(filter)
      const from = filter.cursor === undefined ? 0 : after(found, filter.cursor)
      const page = found.slice(from, from + (filter.limit ?? 100))
      return {
        tasks: page.map(info),
        cursor: from + page.length < found.length ? page.at(-1)?.task.id : undefined,
      }
    },
    get(id) {
      const found = select({ id })[0]
      return found && detail(found)
    },
    stats() {
      const counts = new Map<
        string,
        { receiver: string; subscription: string; counts: Record<TaskState, number> }
      >()
      for (const found of select({})) {
        const { receiver, subscription, state } = info(found)
        const key = JSON.stringify([receiver, subscription])
        let row = counts.get(key)
        if (!row)
          counts.set(
            key,
            (row = {
              receiver,
              subscription,
              counts: { pending: 0, running: 0, done: 0, dead: 0 },
            }),
          )
        row.counts[state]++
      }
      return [...counts.values()]
    },
    replay: (filter) =>
      each({ ...filter, state: 'dead' }, ({ port, task }) => port.tasks.replay(task)),
    discard: (filter) =>
      each(filter, ({ port, task }) => port.tasks.discard(task), ['pending', 'dead']),
    prune: (before) => each({ before, state: 'dead' }, ({ port, task }) => port.tasks.forget(task)),
    orphans() {
      const counts = new Map<string, { receiver: string; subscription: string; pending: number }>()
      for (const found of select({ state: 'pending' })) {
        const { receiver, subscription } = info(found)
        if (
          found.port.consumer
            .lanes()
            .some((lane) => lane.name === subscription || lane.formerly.includes(subscription))
        )
          continue
        const key = JSON.stringify([receiver, subscription])
        counts.set(key, { receiver, subscription, pending: (counts.get(key)?.pending ?? 0) + 1 })
      }
      return [...counts.values()]
    },
  }

  function each(
    filter: TaskFilter,
    act: (found: Found) => void,
    states?: readonly TaskState[],
  ): number {
    const found = select(filter).filter(({ task }) => !states || states.includes(task.state))
    for (const one of found) act(one)
    return found.length
  }

  function select(filter: TaskFilter): Found[] {
    const found: Found[] = []
    for (const port of ports.values()) {
      const open = [...port.known.values()].flatMap((event) =>
        [...event.tasks()].filter((task) => task.state === 'pending' || task.state === 'running'),
      )
      const kept = [...open, ...port.tasks.dead.values()].sort((a, b) => a.sequence - b.sequence)
      for (const task of kept) if (matches(info({ port, task }), filter)) found.push({ port, task })
    }
    return found
  }

  /** Where the list goes on behind a task, which may be gone by now. */
  function after(found: readonly Found[], cursor: string): number {
    const names = [...ports.keys()]
    const colon = cursor.lastIndexOf(':')
    const port = names.indexOf(cursor.slice(0, colon))
    const sequence = Number(cursor.slice(colon + 1))
    const at = found.findIndex((one) => {
      const its = names.indexOf(one.port.consumer.receiver)
      return its > port || (its === port && one.task.sequence > sequence)
    })
    return at < 0 ? found.length : at
  }
}

function info({ port, task }: Found): TaskInfo {
  const { event, delivery } = task.owner.outline()
  return {
    id: task.id,
    receiver: port.consumer.receiver,
    subscription: task.draft.subscription,
    part: task.draft.part,
    state: task.state,
    attempt: task.attempt,
    due: task.state === 'pending' ? task.due : undefined,
    error: task.error,
    event: { id: event.id, topic: event.topic, scope: event.scope, key: event.key },
    receivedAt: delivery.receivedAt,
  }
}

function detail(found: Found): TaskDetail {
  return { ...info(found), record: found.task.owner.event, delivery: found.task.owner.delivery }
}

/** True where the task is one the filter means. */
function matches(task: TaskInfo, filter: TaskFilter): boolean {
  return (
    (filter.receiver === undefined || filter.receiver === task.receiver) &&
    (filter.subscription === undefined || filter.subscription === task.subscription) &&
    (filter.state === undefined || filter.state === task.state) &&
    (filter.topic === undefined || filter.topic === task.event.topic) &&
    (filter.eventId === undefined || filter.eventId === task.event.id) &&
    (filter.id === undefined || filter.id === task.id) &&
    (filter.before === undefined || task.receivedAt < filter.before) &&
    (filter.after === undefined || task.receivedAt > filter.after)
  )
}

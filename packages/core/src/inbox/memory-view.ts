import type { InboxView, TaskDetail, TaskFilter, TaskInfo, TaskState } from './inbox.ts'
import type { MemoryPort, MemoryTask } from './memory-port.ts'

interface Found {
  readonly port: MemoryPort
  readonly task: MemoryTask
}

/** The view of a memory inbox: pending, running and dead tasks. Done ones are forgotten but for their event's id. */
export function memoryView(ports: ReadonlyMap<string, MemoryPort>): InboxView {
  return {
    list(filter = {}) {
      const found = select(filter).map(info)
      const from =
        filter.cursor === undefined ? 0 : found.findIndex((task) => task.id === filter.cursor) + 1
      const tasks = found.slice(from, from + (filter.limit ?? 100))
      return { tasks, cursor: from + tasks.length < found.length ? tasks.at(-1)?.id : undefined }
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
    replay: (filter) => each({ ...filter, state: 'dead' }, ({ port, task }) => port.replay(task)),
    discard: (filter) => each(filter, ({ port, task }) => port.discard(task), ['pending', 'dead']),
    prune: (before) => each({ before, state: 'dead' }, ({ port, task }) => port.forget(task)),
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
      const open = [...port.open.values()].flatMap((event) =>
        event.tasks.filter((task) => task.state === 'pending' || task.state === 'running'),
      )
      for (const task of [...open, ...port.dead.values()])
        if (matches(info({ port, task }), filter)) found.push({ port, task })
    }
    return found
  }
}

function info({ port, task }: Found): TaskInfo {
  const { event, delivery } = task.owner
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

import type { TaskFilter, TaskInfo, TaskState } from '@postern/core/inbox'
import { run, type Client } from './connection.ts'
import { eventOfJob, parseQueueName, parseRef, type JobRef } from './names.ts'
import type { JobData } from './queues.ts'
import { fromJob } from './errors.ts'

type Row = readonly [
  ref: JobRef,
  state: TaskState,
  due: string,
  data: string,
  started: string,
  reason: string,
  stacks: string,
]

type EventRow = readonly [head: string, arrived: string, jobs: readonly Row[]]

type Head = readonly [key: string, id: string | null, topic: string, scope: string | null]

/** The tasks of events, as operators see them. */
export async function showEvents(
  client: Client,
  prefix: string,
  names: readonly string[],
): Promise<readonly TaskInfo[]> {
  if (names.length === 0) return []
  const events = (await run(client, 'posternShow', prefix, ...names)) as readonly EventRow[]
  return events.flatMap(([head, arrived, jobs]) =>
    head === '' ? [] : jobs.map((job) => toInfo(JSON.parse(head) as Head, Number(arrived), job)),
  )
}

/** One task by its id. */
export async function showTask(
  client: Client,
  prefix: string,
  id: JobRef,
): Promise<TaskInfo | undefined> {
  const tasks = await showEvents(client, prefix, [eventOfJob(parseRef(id).id)])
  return tasks.find((task) => task.id === id)
}

/** True where the task is one the filter means. */
export function matches(task: TaskInfo, filter: TaskFilter): boolean {
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

function toInfo(
  [key, id, topic, scope]: Head,
  receivedAt: number,
  [ref, state, due, data, started, reason, stacks]: Row,
): TaskInfo {
  const { receiver, subscription } = parseQueueName(parseRef(ref).queue)
  return {
    id: ref,
    receiver,
    subscription,
    part: (JSON.parse(data) as JobData).p,
    state,
    attempt: Number(started),
    // BullMQ's score is the time and, in the lowest 12 bits, a number that keeps equal times apart.
    due:
      state === 'pending'
        ? due === ''
          ? receivedAt
          : Math.floor(Number(due) / 0x1000)
        : undefined,
    error: state === 'done' ? undefined : fromJob(reason, stacks),
    event: { id: id ?? undefined, topic, scope: scope ?? undefined, key },
    receivedAt,
  }
}

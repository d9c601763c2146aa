import { type TaskInfo, type TaskState, type UnreadTeller, parsed } from '@postern/core/inbox'
import { attemptsOf } from '../journal/attempts.ts'
import { runScript, type RedisClient } from '../store/connection.ts'
import { fromJob } from '../store/errors.ts'
import { eventOfJob, parseQueueName, parseRef, type JobRef, type JobData } from '../store/queues.ts'

type Row = readonly [
  ref: JobRef,
  state: TaskState,
  due: string,
  data: string,
  made: string,
  reason: string,
  stacks: string,
  cause: string,
  finished: string,
  attempts: string,
  value: string,
  cut: string,
]

type EventRow = readonly [head: string, arrived: string, jobs: readonly Row[], refs: string]

type Head = readonly [
  key: string,
  id: string | null,
  topic: string,
  tenant: string | null,
  provider: string,
]

/** An event and the tasks of it that are there. */
export interface ShownEvent {
  readonly name: string
  readonly receiver: string
  readonly event: TaskInfo['event']
  readonly provider: string
  readonly receivedAt: number
  readonly tasks: readonly TaskInfo[]
}

/** The store that is shown. */
export interface ShowContext {
  readonly client: RedisClient
  readonly prefix: string
  readonly unread: UnreadTeller
}

/** Events with their tasks. Those that are forgotten are left out. */
export async function showEvents(
  { client, prefix, unread }: ShowContext,
  names: readonly string[],
): Promise<readonly ShownEvent[]> {
  return (await read(client, prefix, names)).flatMap(([head, arrived, jobs, refs], at) => {
    if (head === '') return []
    const its = headOf(head, names[at]!)
    const [key, id, topic, tenant, provider] = its
    const { queue } = parseRef(refs.split('\n', 1)[0]!)
    return {
      name: names[at]!,
      receiver: parseQueueName(queue).receiver,
      event: { id: id ?? undefined, topic, tenant: tenant ?? undefined, key },
      provider,
      receivedAt: Number(arrived),
      tasks: jobs.map((job) => toInfo(its, Number(arrived), job, unread)),
    }
  })
}

/** The tasks of events, as operators see them. */
export async function showTasks(
  context: ShowContext,
  names: readonly string[],
): Promise<readonly TaskInfo[]> {
  return (await showEvents(context, names)).flatMap(({ tasks }) => tasks)
}

/** One task by its id. */
export async function showTask(context: ShowContext, id: JobRef): Promise<TaskInfo | undefined> {
  const tasks = await showTasks(context, [eventOfJob(parseRef(id).id)])
  return tasks.find((task) => task.id === id)
}

async function read(
  client: RedisClient,
  prefix: string,
  names: readonly string[],
): Promise<readonly EventRow[]> {
  if (names.length === 0) return []
  return (await runScript(client, 'posternShow', prefix, ...names)) as readonly EventRow[]
}

/** An event whose info cannot be read is shown by its name alone, so that its tasks can be found and taken out. */
function headOf(text: string, name: string): Head {
  const head = parsed(text)
  return isHead(head) ? head : [name, null, '', null, '']
}

function isHead(head: unknown): head is Head {
  if (!Array.isArray(head) || head.length !== 5) return false
  return head.every((part, at) => typeof part === 'string' || (part === null && at % 2 === 1))
}

function toInfo(
  [key, id, topic, tenant, provider]: Head,
  receivedAt: number,
  row: Row,
  unread: UnreadTeller,
): TaskInfo {
  const [ref, state, due, data, made, reason, stacks, cause, finished, attempts, value, cut] = row
  const { receiver, subscription } = parseQueueName(parseRef(ref).queue)
  const { count, kept } = attemptsOf({ task: ref, unread }, attempts, value)
  const settled = state === 'done' || state === 'dead'
  const error = state === 'done' ? undefined : fromJob(reason, stacks)
  return {
    id: ref,
    receiver,
    subscription,
    part: (parsed(data) as JobData | null | undefined)?.p,
    state,
    // BullMQ counts an attempt when it ends.
    attempt: Number(made || 0) + (state === 'running' ? 1 : 0),
    attempts: count,
    interrupted: Number(cut) > 0 && state !== 'done' ? Number(cut) : undefined,
    due: state === 'pending' ? dueOf(due, receivedAt) : undefined,
    settledAt: settled && finished !== '' ? Number(finished) : undefined,
    duration: kept.findLast(({ duration }) => duration !== undefined)?.duration,
    error,
    cause: error && cause !== '' ? cause : undefined,
    provider,
    event: { id: id ?? undefined, topic, tenant: tenant ?? undefined, key },
    receivedAt,
  }
}

/** BullMQ's score is the time and, in the lowest 12 bits, a number that keeps equal times apart. */
function dueOf(score: string, receivedAt: number): number {
  return score === '' ? receivedAt : Math.floor(Number(score) / 0x1000)
}

import type { TaskState } from '@postern/core/inbox'
import {
  NO_TASK,
  STATES,
  TASKS,
  type FullRow,
  type InfoRow,
  type State,
  parsed,
  type UnreadTeller,
} from '@postern/core/engine'
import { attemptsOf } from '../journal/attempts.ts'
import { runBuffer, runScript, type RedisClient } from '../store/connection.ts'
import { fromJob } from '../store/errors.ts'
import { parseQueueName, parseRef, type JobData } from '../store/queues.ts'
import type { Stored } from '../accept/encode.ts'

interface Shown {
  /** Leaves out events that no longer exist. */
  readonly shown: (names: readonly string[]) => Promise<readonly ShownEvent[]>
  readonly full: (row: ShownRow) => Promise<FullRow>
  readonly contents: (name: string) => Promise<Pick<FullRow, 'record' | 'head' | 'body'>>
}

interface ShownRow extends InfoRow {
  readonly name: string
  readonly data: string | null
}

interface ShownEvent {
  readonly row: ShownRow
  readonly tasks: readonly ShownRow[]
}

// Maximum number of events that one script reads. Redis runs nothing else during a script.
const STEP = 100

/** `laneOf` returns the number that this process has given to a queue. */
export function createShown(
  {
    client,
    prefix,
    unread,
  }: { readonly client: RedisClient; readonly prefix: string; readonly unread: UnreadTeller },
  laneOf: (queue: string) => number,
): Shown {
  return { shown, full, contents }

  async function shown(names: readonly string[]): Promise<readonly ShownEvent[]> {
    const steps: Promise<unknown>[] = []
    for (let from = 0; from < names.length; from += STEP)
      steps.push(runScript(client, 'SHOW', prefix, ...names.slice(from, from + STEP)))
    return ((await Promise.all(steps)) as (EventReply | null)[][])
      .flat()
      .flatMap((reply, at) => (reply ? [shownOf(reply, names[at]!)] : []))
  }

  function shownOf(reply: EventReply, name: string): ShownEvent {
    const [number, text, arrived, erasing, first, jobs] = reply
    const head = parsed(text)
    // If the info of an event is unreadable, the event's name takes the place of its key. So an operator can still find
    // and delete the event's tasks.
    const [key, eventId, topic, tenant, provider] = isHead(head) ? head : [name, null, '', null, '']
    const { receiver } = parseQueueName(parseRef(first).queue)
    const row = {
      ...NO_TASK,
      name,
      event: Number(number),
      key,
      eventId,
      topic,
      tenant,
      provider,
      receiver,
      received: Number(arrived),
      erased: erasing === 'e',
    }
    return { row, tasks: jobs.map((job) => taskOf(row, job)) }
  }

  function taskOf(event: ShownRow, reply: JobReply): ShownRow {
    const [n, ref, state, due, text, made, reason, stacks, cause, ended, runs, value, cut] = reply
    const id = event.event * TASKS + n
    const data = parsed(text) as JobData | null | undefined
    const { count, kept: past } = attemptsOf({ task: String(id), unread }, runs, value)
    const took = past.findLast(({ duration }) => duration !== undefined)?.duration
    const error = fromJob(reason, stacks)
    // The lowest 12 bits of BullMQ's score only distinguish jobs with equal times, so they are removed.
    const later = due === '' ? event.received : Math.floor(Number(due) / 0x1000)
    return {
      ...event,
      id,
      lane: laneOf(parseRef(ref).queue),
      state: STATES.indexOf(state) as State,
      // BullMQ counts an attempt when it ends, so a running attempt is added.
      attempt: Number(made || 0) + (state === 'running' ? 1 : 0),
      runs: count,
      cut: state === 'done' ? 0 : Number(cut || 0),
      due: state === 'pending' ? later : Number(ended || 0),
      took: took === undefined ? null : took * 1000,
      error: error ? JSON.stringify(error) : null,
      fold: null,
      cause: cause === '' ? null : cause,
      part: data?.p ?? '',
      data: data?.d === undefined ? null : JSON.stringify(data.d),
      fair: data?.f ?? null,
    }
  }

  async function full(row: ShownRow): Promise<FullRow> {
    return { ...row, ...(await contents(row.name)) }
  }

  async function contents(name: string): Promise<Pick<FullRow, 'record' | 'head' | 'body'>> {
    const stored = (await runBuffer(client, 'GET_EVENT', prefix, name)) as Stored | null
    const [record = '', head, body] = stored ?? []
    return { record: record.toString(), head: String(head ?? ''), body: body ?? NO_BODY }
  }
}

type EventReply = readonly [
  number: string,
  head: string,
  arrived: string,
  erasing: string,
  first: string,
  jobs: readonly JobReply[],
]

type JobReply = readonly [
  n: number,
  ref: string,
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

const NO_BODY = new Uint8Array(0)

type Head = readonly [
  key: string,
  id: string | null,
  topic: string,
  tenant: string | null,
  provider: string,
]

function isHead(head: unknown): head is Head {
  if (!Array.isArray(head) || head.length !== 5) return false
  return head.every((part, at) => typeof part === 'string' || (part === null && at % 2 === 1))
}

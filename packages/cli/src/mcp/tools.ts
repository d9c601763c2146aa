import { setTimeout as wait } from 'node:timers/promises'
import type { DeliveryFilter, TaskFilter, InboxView, TaskInfo } from '@postern/core/inbox'
import { explain } from '@postern/core/explain'
import { z } from 'zod'
import type { OpenInbox } from '../inbox.ts'
import { rowsOf } from '../print/pages.ts'
import { Failure, plainMember } from '../print/say.ts'
import { openArrival } from '../options/encryption-key.ts'
import { aboutOf, providerOf, variablesOf } from '../sender/sender.ts'
import { createHmac, randomBytes } from 'node:crypto'
import { signedInit } from '@postern/samples'
import { post } from '../send/post.ts'
import { inertAnswer, inertText } from '@postern/core/inert'

const LOOK = 250
const DELIVERIES = {
  receiver: z.string().optional(),
  provider: z.string().optional(),
  code: z.string().optional().describe('code of a rejection, such as signature_mismatch'),
  outcome: z.enum(['accepted', 'duplicate', 'handshake', 'unhandled', 'rejected']).optional(),
  topic: z.string().optional(),
  eventId: z.string().optional(),
}
const PAGE = {
  limit: z.number().int().min(1).max(200).default(20),
  cursor: z.string().optional().describe('cursor of the previous page'),
}

/** Returns the MCP tools for one inbox. Without `allowed`, no tool changes or sends anything. */
export function toolsOf(
  { view, journal }: OpenInbox,
  allowed: Allowed | undefined,
): readonly Tool[] {
  const history = (): NonNullable<typeof journal> => {
    if (!journal) throw new Failure(1, 'this inbox keeps no journal of deliveries')
    return journal
  }
  return [
    {
      name: 'list_tasks',
      description: 'Tasks of the inbox, newest first: pending, running, done and dead.',
      input: z.strictObject({ ...TASK_FILTER, ...PAGE }),
      run: async (given: TaskFilter & { limit: number }) => view.list(given),
    },
    {
      name: 'list_deliveries',
      description: 'Deliveries with their replies, newest first, and the reason of each rejection.',
      input: z.strictObject({ ...DELIVERIES, ...PAGE }),
      run: async (given: DeliveryFilter) => history().deliveries(given),
    },
    {
      name: 'get_task',
      description:
        'A task with its payload, its attempts, and its delivery: the body as text if it is one, and its exact bytes in base64.',
      input: z.strictObject({ id: z.string() }),
      async run({ id }: { id: string }) {
        const task = await view.get(id)
        if (!task) throw new Failure(1, `no task has the id ${id}`)
        const attempts = (await journal?.attempts(id)) ?? []
        return {
          ...task,
          delivery: { ...task.delivery, ...bodyOf(task.delivery.body) },
          history: attempts,
        }
      },
    },
    {
      name: 'get_delivery',
      description:
        'A delivery with its reply. Of a rejected one whose body was kept: its URL, headers, the body as text if it is one, and its exact bytes in base64.',
      input: z.strictObject({ id: z.string() }),
      async run({ id }: { id: string }) {
        const found = await history().delivery(id)
        if (!found) throw new Failure(1, `no delivery has the id ${id}`)
        const { kept, ...facts } = await openArrival(found, {})
        return { ...facts, ...(kept && { kept: { ...kept, ...bodyOf(kept.body) } }) }
      },
    },
    {
      name: 'explain_rejection',
      description:
        'Why a rejected delivery did not verify, proven where that is possible. Secrets are read from the environment or .env, and are not shown.',
      input: z.strictObject({
        id: z.string().describe('of list_deliveries'),
        provider: z.string().optional().describe('who sent it; default the one of its receiver'),
      }),
      async run({ id, provider }: { id: string; provider?: string }) {
        const found = await history().delivery(id)
        if (!found) throw new Failure(1, `no delivery has the id ${id}`)
        const sender = provider ?? found.provider
        if (sender === undefined)
          throw new Failure(2, 'the delivery has no provider; give its name as provider')
        if (!found.kept)
          throw new Failure(
            1,
            'the body was not stored; set storage.rejectedBodies on the receiver',
          )
        const { catalogue } = await import('@postern/providers/catalogue')
        const { provider: made } = await providerOf(sender, {})
        const { method, at, kept } = await openArrival(found, {})
        return explain({ ...kept!, method }, made, {
          catalogue,
          now: () => at,
          ms: 5000,
          fingerprints: false,
        })
      },
    },
    {
      name: 'list_causes',
      description:
        'Dead and failing tasks by error, those with the most dead tasks first, with their subscriptions. `among` is the number of causes. For the tasks of a cause, pass `cause` to list_tasks.',
      input: z.strictObject({
        receiver: z.string().optional(),
        subscription: z.string().optional(),
      }),
      run: async (given: { receiver?: string; subscription?: string }) => ({
        rows: await view.causes(given),
      }),
    },
    {
      name: 'get_health',
      description:
        'Tasks of each subscription by state, with the oldest that is due: a subscription with dead tasks, or with an old due one, needs attention.',
      input: z.strictObject({}),
      run: async () => ({ subscriptions: await view.stats() }),
    },
    {
      name: 'get_provider',
      description:
        'Facts about a provider: how it signs, its topics, where its secret is, how it retries, each option.',
      input: z.strictObject({ provider: z.string() }),
      async run({ provider }: { provider: string }) {
        const about = await aboutOf(provider)
        return { ...about, example: undefined, variables: variablesOf(about) }
      },
    },
    {
      name: 'wait_for_delivery',
      description:
        'Waits until a matching delivery arrives, and returns it. With since, a delivery that arrived earlier counts too.',
      input: z.strictObject({
        ...DELIVERIES,
        since: z
          .number()
          .optional()
          .describe('milliseconds since 1970, such as the time before send_delivery; default now'),
        seconds: z.number().min(1).max(300).default(30),
      }),
      async run({ seconds, since = Date.now(), ...filter }: DeliveryFilter & { seconds: number }) {
        const until = performance.now() + seconds * 1000
        while (performance.now() < until) {
          const { rows } = await history().deliveries({ ...filter, since, limit: 1 })
          if (rows[0]) return rows[0]
          await wait(LOOK)
        }
        throw new Failure(1, `nothing that matches arrived within ${seconds} s`)
      },
    },
    ...(allowed === undefined ? [] : actionTools(view, allowed)),
  ] as readonly Tool[]
}

function bodyOf(bytes: Uint8Array): { readonly body: string; readonly text?: string } {
  const body = Buffer.from(bytes).toString('base64')
  try {
    return { body, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { body }
  }
}

interface Allowed {
  /** URL of the receiver, the only URL that deliveries are sent to. */
  readonly url: string | undefined
}

/** Maximum number of tasks that one call may change. */
const MOST = 1000
/** Maximum duration of a tool call with the argument `rate` (tasks per second), in seconds. */
const LONGEST = 300

/**
 * Returns the tools that change or send something. To replay tasks, a caller must pass the count and digest of a
 * preview.
 */
function actionTools(view: InboxView, { url }: Allowed): readonly Tool[] {
  const key = randomBytes(32)
  return [
    {
      name: 'send_delivery',
      description: `A correctly signed delivery of a sender, to the receiver's own URL${url === undefined ? ' (start with --url)' : `: ${url}`}. Handlers of the app run.`,
      acts: true,
      input: z.strictObject({
        provider: z.string(),
        topic: z.string().optional(),
        to: z.url().optional().describe("only the receiver's own URL"),
        payload: z
          .record(z.string(), z.unknown())
          .optional()
          .describe('merged into the sample of the topic'),
      }),
      async run({ provider, topic, to = url, payload }: Sending) {
        if (url === undefined)
          throw new Failure(2, "start postern mcp with --url, the receiver's own URL")
        if (to !== url)
          throw new Failure(1, `to must be the receiver's own URL, ${url}, as given with --url`)
        const { provider: made } = await providerOf(provider, {})
        return post(await signedInit(made, topic, payload, { url }), 30_000)
      },
    },
    {
      name: 'replay_tasks',
      description:
        'Makes tasks pending again: their handlers run once more in the app. Name ids, or state dead. Without count and digest it is a preview, which changes nothing and returns both: pass both, with the same filter, to make the change.',
      acts: true,
      input: z.strictObject({
        ...TASK_FILTER,
        ids: z.array(z.string()).min(1).max(MOST).optional().describe('these tasks'),
        dryRun: z.boolean().default(true),
        count: z.number().int().optional().describe('of the preview'),
        digest: z.string().optional().describe('of the preview'),
        rate: z.number().positive().optional().describe('tasks a second'),
      }),
      run: replay,
    },
  ]

  async function replay({
    dryRun,
    count,
    digest,
    rate,
    ids,
    ...filter
  }: Replaying): Promise<object> {
    if (ids === undefined && filter.id === undefined && filter.state !== 'dead')
      throw new Failure(2, "name the tasks: give ids, id, or state 'dead'")
    const tasks = await tasksOf(view, filter, ids)
    const found = { count: tasks.length, digest: digestOf(tasks) }
    if (dryRun) return { ...found, dryRun, tasks: tasks.slice(0, 20).map(told) }
    if (count !== found.count || digest !== found.digest)
      throw new Failure(
        1,
        'count and digest must be those of a preview of these tasks: ask with dryRun first, and again if tasks have changed since',
      )
    if (rate !== undefined && tasks.length / rate > LONGEST)
      throw new Failure(
        2,
        `rate must be at least ${Math.ceil(tasks.length / LONGEST)} for this number of tasks`,
      )
    let done = 0
    for (const { id } of tasks) {
      if (rate !== undefined && done > 0) await wait(1000 / rate)
      done += (await view.replay({ id }, { by: 'mcp' })).count
    }
    return { count: done, dryRun }
  }

  /**
   * Returns a keyed hash of the tasks and their state. It shows that the caller saw a preview, and that no task has
   * changed since.
   */
  function digestOf(tasks: readonly TaskInfo[]): string {
    const rows = tasks.map(({ id, state, attempts }) => [id, state, attempts])
    return createHmac('sha256', key).update(JSON.stringify(rows)).digest('base64url').slice(0, 22)
  }
}

interface Sending {
  readonly provider: string
  readonly topic?: string
  readonly to?: string
  readonly payload?: unknown
}

interface Replaying extends TaskFilter {
  readonly ids?: readonly string[]
  readonly dryRun: boolean
  readonly count?: number
  readonly digest?: string
  readonly rate?: number
}

async function tasksOf(
  view: InboxView,
  filter: TaskFilter,
  ids: readonly string[] | undefined,
): Promise<readonly TaskInfo[]> {
  const found: TaskInfo[] = []
  for (const id of ids === undefined ? [filter.id] : new Set(ids)) {
    const one = { ...filter, ...(id !== undefined && { id }) }
    const { rows } = await rowsOf(String(MOST + 1), (page) => view.list({ ...one, ...page }))
    found.push(...rows)
    if (found.length > MOST)
      throw new Failure(2, `more than ${MOST} tasks match: narrow the filter, or use postern inbox`)
  }
  return found.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function told({ id, subscription, state, attempts, event }: TaskInfo): object {
  return { id, subscription, state, attempts, topic: event.topic, event: event.id }
}

const TASK_FILTER: Readonly<Record<string, z.ZodType>> = {
  receiver: z.string().optional(),
  subscription: z.string().optional(),
  provider: z.string().optional(),
  state: z.enum(['pending', 'running', 'done', 'dead']).optional(),
  id: z.string().optional().describe('one task'),
  topic: z.string().optional().describe('a pattern: * is one segment, ** the rest'),
  eventId: z.string().optional(),
  cause: z.string().optional(),
  text: z.string().optional(),
  after: z.number().optional().describe('received after, in milliseconds since 1970'),
  before: z.number().optional().describe('received before'),
}

interface ToolAnswer {
  readonly content: { readonly type: 'text'; readonly text: string }[]
  readonly isError?: true
}

/** Runs a tool. Returns its result, or its error, as printable ASCII. */
export async function answerOf(tool: Tool, given: unknown): Promise<ToolAnswer> {
  try {
    const text = inertAnswer(await tool.run(given as never), member)
    return { content: [{ type: 'text', text }] }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { content: [{ type: 'text', text: inertText(message, { ascii: true }) }], isError: true }
  }
}

// Members whose value is a time. They are converted to ISO dates, because language models calculate badly with
// milliseconds since 1970.
const TIMES = new Set([
  'at',
  'receivedAt',
  'startedAt',
  'settledAt',
  'due',
  'first',
  'last',
  'oldest',
  'searchedTo',
])
// Earliest plausible time. A smaller number in one of these members is not a time, so it is not converted.
const EARLIEST = Date.UTC(2000, 0)

function member(name: string, value: unknown): unknown {
  return typeof value === 'number' && TIMES.has(name) && value > EARLIEST
    ? new Date(value).toISOString()
    : plainMember(name, value)
}

interface Tool {
  readonly name: string
  readonly description: string
  readonly input: z.ZodObject
  /** True if the tool changes or sends something. */
  readonly acts?: boolean
  run(given: never): Promise<object>
}

import { createHmac, randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { InboxView, TaskFilter, TaskInfo } from '@postern/core/inbox'
import { signedInit } from '@postern/samples'
import { z } from 'zod'
import { Failure } from '../print/failure.ts'
import { post } from '../send/post.ts'
import { providerOf } from '../sender/sender.ts'
import { TASK_FILTER } from './task-filter.ts'
import type { Tool } from './tool.ts'

/** What `--allow-actions` allows. */
export interface Allowed {
  /** The receiver's own URL: deliveries are sent there and nowhere else. */
  readonly url: string | undefined
}

/** Tasks that an agent changes in one call. */
const MOST = 1000
/** Seconds that one call may take to space tasks. */
const LONGEST = 300

/** The tools that have an effect. A change needs what its own preview returned. */
export function actionTools(view: InboxView, { url }: Allowed): readonly Tool[] {
  const key = randomBytes(32)
  return [
    {
      name: 'send_delivery',
      description: `A correctly signed delivery of a sender, to the receiver's own URL${url === undefined ? ' (start with --url)' : `: ${url}`}. Handlers of the app run.`,
      acts: true,
      input: z.strictObject({
        provider: z.string(),
        topic: z.string().optional(),
        to: z.url().optional().describe("the receiver's own URL, and no other"),
        payload: z
          .record(z.string(), z.unknown())
          .optional()
          .describe('laid over the sample of the topic'),
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
        'Makes tasks pending again: their handlers run once more in the app. Name ids, or state dead. Without count and digest it is a preview, which changes nothing and returns both: give them back, with the same filter, to make the change.',
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
      throw new Failure(2, `rate must be at least ${Math.ceil(tasks.length / LONGEST)} for so many`)
    let done = 0
    for (const { id } of tasks) {
      if (rate !== undefined && done > 0) await wait(1000 / rate)
      done += (await view.replay({ id }, { by: 'mcp' })).count
    }
    return { count: done, dryRun }
  }

  /** Tells a preview from any other: of which tasks, and in which state. */
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
    let cursor: string | undefined
    do {
      const page = await view.list({
        ...filter,
        ...(id !== undefined && { id }),
        ...(cursor !== undefined && { cursor }),
      })
      found.push(...page.rows)
      if (found.length > MOST)
        throw new Failure(
          2,
          `more than ${MOST} tasks match: narrow the filter, or use postern inbox`,
        )
      ;({ cursor } = page)
    } while (cursor !== undefined)
  }
  return found.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function told({ id, subscription, state, attempts, event }: TaskInfo): object {
  return { id, subscription, state, attempts, topic: event.topic, event: event.id }
}

import { causeOf } from '@postern/core/engine'
import type { Inbox, TaskError, TaskFilter } from '@postern/core/inbox'
import type { ActedRow, ActionsReply } from '../api/actions.ts'
import { notedMutes } from '../health/mutes.ts'
import { ApiProblem } from '../replies.ts'
import { errorLine } from '../search/rows.ts'
import { shownFilter } from '../withheld.ts'
import type { Context } from '../routes/context.ts'

const ROWS = 50

/**
 * Returns a page of people's actions: changes of tasks, and mutes of causes (hashes that group equal errors). The
 * cursor is `<journal cursor>@<time>`. The next page starts with mutes from before `time`.
 */
export async function answerActions({ inbox, query, visitor }: Context): Promise<ActionsReply> {
  const { journal } = inbox
  if (!journal) throw new ApiProblem(409, 'no_journal', `${inbox.name} keeps no journal`)
  const [cursor, time] = query.get('cursor')?.split('@') ?? []
  const page = await journal.actions({ limit: ROWS, ...(cursor !== undefined && { cursor }) })
  const before = Number(time ?? Infinity)
  const from = page.cursor === undefined ? -Infinity : page.rows.at(-1)!.at
  const mutes = (await notedMutes(inbox)).filter(({ at }) => at < before && at >= from)
  const errorOf = visitor.payloads ? createNames(inbox) : async () => undefined
  const rows = await Promise.all([
    ...page.rows.map(async (action) => {
      const { id, at, what, by, count, filter } = action
      const error = filter.cause === undefined ? undefined : await errorOf(filter.cause, id)
      const { cause: _, ...rest } = filter
      return {
        id,
        at,
        what,
        by,
        count,
        q: searchFor(
          visitor.payloads ? (error === undefined ? filter : rest) : shownFilter(filter),
          count,
        ),
        error,
        hasTasks: what === 'replay' || what === 'rerun' || what === 'delete',
      }
    }),
    ...mutes.map(async ({ at, by, cause, note, owner }): Promise<ActedRow> => {
      const error = await errorOf(cause)
      return {
        id: `mute ${at}`,
        at,
        what: note === null ? 'unmute' : 'mute',
        by: by ?? undefined,
        count: 1,
        q: !visitor.payloads || error !== undefined ? '' : searchFor({ cause }, 1),
        error,
        ...(visitor.payloads && { ...(note && { note }), ...(owner !== null && { owner }) }),
        hasTasks: false,
      }
    }),
  ])
  return {
    rows: rows.toSorted((one, other) => other.at - one.at),
    cursor: page.cursor === undefined ? undefined : `${page.cursor}@${from}`,
  }
}

// Time limit of one search for a task with the cause, in milliseconds.
const LOOK = 20

/**
 * Creates a function that returns an example error for a cause. Each cause is looked up once. The error comes from a
 * task with this cause, or else from a task of the action.
 */
function createNames({
  view,
  journal,
}: Inbox): (cause: string, action?: string) => Promise<string | undefined> {
  const known = new Map<string, Promise<string | undefined>>()
  return (cause, action) => {
    const name = known.get(cause) ?? find(cause, action)
    known.set(cause, name)
    return name
  }

  async function find(cause: string, id: string | undefined): Promise<string | undefined> {
    const [task] = (await view?.list({ cause, limit: 1, budget: LOOK }))?.rows ?? []
    const error = task?.error ?? (id === undefined ? undefined : await ofAction(cause, id))
    return error && errorLine(error, true)
  }

  /** Reads the error from the task's attempts, since a task that is done no longer has an error. */
  async function ofAction(cause: string, id: string): Promise<TaskError | undefined> {
    const [action] = (await journal!.actions({ id })).rows
    const [task] = action?.tasks ?? []
    const runs = task === undefined ? [] : await journal!.attempts(task)
    return runs.findLast(({ error }) => error && causeOf(error) === cause)?.error
  }
}

const NAMES: Readonly<Partial<Record<keyof TaskFilter, string>>> = {
  receiver: 'receiver',
  subscription: 'subscription',
  part: 'part',
  provider: 'provider',
  state: 'state',
  topic: 'topic',
  eventId: 'id',
  id: 'task',
  cause: 'cause',
  after: 'since',
  before: 'until',
}

/** Writes a filter as search text, such as `state:dead topic:orders`. */
function searchFor(filter: TaskFilter, count: number): string {
  const words = Object.entries(filter).map(([key, value]) => {
    const name = NAMES[key as keyof TaskFilter]
    const text =
      key === 'after' || key === 'before' ? new Date(value as number).toISOString() : String(value)
    if (name === undefined) return `(${key})`
    return `${name}:${/[\s"]/.test(text) ? JSON.stringify(text) : text}`
  })
  // If the visitor selected several tasks, the filter has only the id of the first one.
  if (filter.id !== undefined && count > 1) words.push(`and ${count - 1} more`)
  return words.join(' ')
}

import { unknownOptions } from '@postern/core/internal'
import { matches } from '@postern/core/engine'
import type { Changed, InboxView, TaskFilter } from '@postern/core/inbox'
import type { ChangeReply } from '../api/change.ts'
import { ApiProblem } from '../replies.ts'
import { withoutPayloads } from '../withheld.ts'
import type { Context } from './context.ts'
import type { Action } from '../api.ts'
import type { Visitor } from '../gate/gate.ts'

const KEYS = ['filter', 'ids', 'action', 'dryRun', 'limit', 'cursor', 'until', 'rate']
// Maximum milliseconds of one chunk, so that the page's Stop button works within a second.
const CHUNK = 1000
const MOST = 10_000
const NAME = 200

/**
 * Makes the route that replays or deletes tasks. One request changes one chunk of the tasks. With `dryRun`, the request
 * only counts them.
 */
export function change(verb: 'replay' | 'delete'): (context: Context) => Promise<ChangeReply> {
  return async (context) => {
    const { inbox, visitor, body, receivers, now, acted } = context
    demand(visitor, verb, receivers.length > 0)
    if (!inbox.view) throw new ApiProblem(409, 'no_tasks', `${inbox.name} keeps no tasks`)
    unknownOptions(verb, body, KEYS)
    const { filter, dryRun = false, cursor, rate } = body
    const ids = idsOf(body)
    const isEmpty = (): boolean => ids === undefined && Object.keys(filter as object).length === 0
    if (typeof filter !== 'object' || filter === null || isEmpty())
      throw new ApiProblem(
        400,
        'filter',
        'filter must have at least one condition; an empty filter would match all tasks',
      )
    if (typeof dryRun !== 'boolean')
      throw new ApiProblem(400, 'dryRun', 'dryRun must be true or false')
    if (!visitor.payloads) withoutPayloads(filter)
    const until = numberOf(body, 'until') ?? now()
    const given = filter as TaskFilter
    const changed = await (ids === undefined ? run : runEach(ids, body['action']))(
      inbox.view,
      verb,
      {
        filter: { ...given, before: Math.min(given.before ?? Infinity, until + 1) },
        options: {
          dryRun,
          limit: Math.min(numberOf(body, 'limit') ?? MOST, MOST),
          ...(typeof cursor === 'string' && { cursor }),
          until: Date.now() + CHUNK,
          ...(visitor.as !== undefined && { by: visitor.as.slice(0, NAME) }),
        },
        ...(rate !== undefined && { rate: numberOf(body, 'rate')! }),
      },
    )
    if (!dryRun && changed.count > 0)
      acted({
        action: verb,
        as: visitor.as,
        count: changed.count,
        target: JSON.stringify(ids === undefined ? filter : { ...filter, ids }),
      })
    return { ...changed, until }
  }
}

interface Change {
  readonly filter: TaskFilter
  readonly options: {
    readonly dryRun: boolean
    readonly limit: number
    readonly cursor?: string
    readonly until: number
    readonly by?: string
  }
  readonly rate?: number
}

async function run(
  view: InboxView,
  verb: 'replay' | 'delete',
  { filter, options, rate }: Change,
): Promise<Changed> {
  // A dry run counts chunk after chunk, until the time limit of this request.
  let count = 0
  let { cursor } = options
  let action: string | undefined
  do {
    const chunk = { ...options, ...(cursor !== undefined && { cursor }) }
    const changed =
      verb === 'replay'
        ? await view.replay(filter, { ...chunk, ...(rate !== undefined && { rate }) })
        : await view.delete(filter, chunk)
    count += changed.count
    ;({ cursor, action } = changed)
  } while (options.dryRun && cursor !== undefined && Date.now() < options.until)
  return { count, cursor, ...(action !== undefined && { action }) }
}

const MOST_IDS = 100

function idsOf({ ids }: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  if (ids === undefined) return undefined
  if (Array.isArray(ids) && ids.length > 0 && ids.length <= MOST_IDS)
    if (ids.every((id) => typeof id === 'string' && id !== '')) return ids as string[]
  throw new ApiProblem(400, 'ids', `ids must be 1 to ${MOST_IDS} ids of tasks`)
}

/**
 * Changes tasks one by one, each only if it matches the filter. All changes are recorded as one action. `begun` is the
 * id of this action if an earlier request started the action.
 */
function runEach(ids: readonly string[], begun: unknown): typeof run {
  return async (view, verb, { filter, options }) => {
    // Throws here if the filter is wrong. In the loop below, a TypeError can also mean that a task was erased.
    matches(filter)
    let count = 0
    let action = typeof begun === 'string' ? begun : undefined
    for (const id of ids) {
      const { cursor: _, until: __, ...rest } = options
      const one = { ...rest, ...(action !== undefined && { cursor: `${action}!` }) }
      const changed = await run(view, verb, {
        filter: { ...filter, id },
        options: { ...one, until: Infinity },
      }).catch(notErased)
      count += changed.count
      action = changed.action ?? action
    }
    return { count, cursor: undefined, ...(action !== undefined && { action }) }
  }
}

/** Counts an erased task as unchanged, so that the change continues with the other tasks. */
function notErased(error: unknown): Changed {
  if (error instanceof TypeError && error.message.includes('were erased'))
    return { count: 0, cursor: undefined }
  throw error
}

function numberOf(body: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = body[name]
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !(value > 0))
    throw new ApiProblem(400, name, `${name} must be a number above 0`)
  return value
}

/**
 * True if the visitor may do the action. A sample runs the app's handlers, so it needs receivers in this process. It
 * also needs `sample` in the list of rights, or `dev: true`.
 */
export function mayDo(visitor: Visitor, action: Action, hasReceivers: boolean): boolean {
  const { allow, isDeveloper } = visitor
  if (action === 'sample')
    return hasReceivers && (isDeveloper || (typeof allow !== 'string' && allow.includes('sample')))
  if ((action === 'rerun' || action === 'mute') && !visitor.payloads) return false
  return allow === 'all' || (allow !== 'read' && allow.includes(action))
}

export function demand(visitor: Visitor, action: Action, hasReceivers: boolean): void {
  if (!mayDo(visitor, action, hasReceivers))
    throw new ApiProblem(403, 'not_allowed', `${visitor.as ?? 'you'} may not ${action} here`)
}

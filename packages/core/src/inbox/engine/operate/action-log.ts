import { nextRound } from '../../../basics/deadline.ts'
import type { MaybePromise } from '../../../basics/maybe.ts'
import { unknownOptions } from '../../../basics/unknown-options.ts'
import { parsed } from '../journal/records.ts'
import type { ActionQuery, OperatorAction } from '../../journal.ts'
import type { Page, Changed, ChangeOptions, TaskFilter } from '../../view.ts'
import type { ActionRow, RecordRows } from '../journal/store.ts'
import type { Access } from '../access.ts'

/** Records and lists the actions of operators, such as a replay. */
export interface Actions {
  /**
   * Runs one call of a change, and records the call as an action unless the call is a dry run. The returned cursor
   * contains the action's id, so that a call with this cursor continues the action.
   */
  noted<Options extends ActionOptions>(
    given: Pick<OperatorAction, 'what' | 'filter'>,
    options: Options,
    run: (note: ActionNote | undefined, options: Options) => MaybePromise<Changed>,
  ): Promise<Changed>
  once(given: Pick<OperatorAction, 'what' | 'filter' | 'by'>): ActionNote
  read(query: ActionQuery): Promise<Page<OperatorAction>>
}

type ActionOptions = Pick<ChangeOptions, 'by' | 'dryRun' | 'cursor'>

const MOST = 1000
const NAME = 200
const LIMIT = 50
const END = { cursor: undefined, searchedTo: undefined }

/**
 * Makes the {@link Actions} of an inbox. Keeps the newest 1,000 actions, and 20,000 task ids over all actions.
 *
 * @example
 * const actions = createActions(store.records, access)
 * await actions.noted({ what: 'delete', filter }, options, (note, rest) => inSteps(rest, step))
 */
export function createActions(records: RecordRows, access: Access): Actions {
  // Time in the last id. Ids always increase, even within one millisecond.
  let latest = 0

  return {
    async noted(given, options, run) {
      checkBy(given.what, options.by)
      if (options.dryRun) return run(undefined, options)
      const { id, cursor } = carried(options.cursor)
      const { cursor: _, ...rest } = options
      const found = id === undefined ? undefined : await find(id)
      // Only the operator who started an action can continue it.
      const known = found?.by === options.by && found?.what === given.what ? found : undefined
      const action =
        known ?? begun({ ...given, ...(options.by !== undefined && { by: options.by }) })
      const note = noteOf(action)
      const left = cursor === undefined ? rest : { ...rest, cursor }
      const changed = await run(note, left as typeof options)
      if (changed.count > 0) await trim()
      const isNoted = known !== undefined || changed.count > 0
      return {
        ...changed,
        ...(changed.cursor !== undefined && { cursor: `${action.id}!${changed.cursor}` }),
        ...(isNoted && { action: action.id }),
      }
    },
    once(given) {
      checkBy(given.what, given.by)
      return noteOf(begun(given))
    },
    async read(query) {
      unknownOptions('actions', query, ['id', 'task', 'limit', 'cursor'])
      const { id: wanted, task, limit = LIMIT, cursor } = query
      if (!(Number.isInteger(limit) && limit >= 1 && limit <= MOST))
        throw new TypeError(`limit: must be a whole number from 1 to ${MOST}, got ${String(limit)}`)
      if (wanted !== undefined) return { rows: await one(wanted), ...END }
      const all = await every()
      const named = task === undefined ? undefined : await actionsOf(task)
      const fitting = all
        .filter(({ id }) => cursor === undefined || id < cursor)
        .filter(({ id, filter }) => !named || named.has(id) || filter.id === task)
      const page = fitting.slice(0, limit).map(told)
      return {
        rows: page,
        cursor: fitting.length > limit ? page.at(-1)!.id : undefined,
        searchedTo: fitting.length > limit ? page.at(-1)!.at : undefined,
      }
    },
  }

  function begun(given: Omit<OperatorAction, 'id' | 'at' | 'last' | 'count'>): KeptAction {
    const at = Date.now()
    latest = Math.max(at, latest + 1)
    const random = Math.floor(Math.random() * 36 ** 6)
    const id = `${latest.toString(36).padStart(9, '0')}${random.toString(36).padStart(6, '0')}`
    return { id, at, last: at, ...given, filter: withoutText(given.filter), count: 0, noted: 0 }
  }

  async function find(id: string): Promise<KeptAction | undefined> {
    const row = await access.read(() => records.get(ACTION + id))
    return row && read(row.value)
  }

  async function one(id: string): Promise<readonly OperatorAction[]> {
    const found = await find(id)
    if (!found) return []
    const named = await list(`${ACTION_TASKS}${id}:`)
    return [{ ...told(found), tasks: named.flatMap(({ value }) => tasksIn(value)) }]
  }

  async function every(): Promise<readonly KeptAction[]> {
    return (await list(ACTION)).flatMap(({ value }) => read(value) ?? []).toReversed()
  }

  async function actionsOf(task: string): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    let looked = 0
    for (const { key, value } of await list(ACTION_TASKS)) {
      if (tasksIn(value).includes(task)) found.add(idOf(key))
      if (++looked % 20 === 0) await nextRound()
    }
    return found
  }

  /** Drops old actions. Another process may drop the same actions at the same time. */
  async function trim(): Promise<void> {
    const all = await every()
    let noted = 0
    const silent = new Set(
      all.flatMap((action, place) => {
        noted += action.noted
        return place > 0 && (place >= MOST || noted > MOST_TASKS) && action.noted > 0
          ? action.id
          : []
      }),
    )
    const old = all.slice(MOST).map(({ id }) => ACTION + id)
    if (silent.size === 0 && old.length === 0) return
    const named = silent.size === 0 ? [] : await list(ACTION_TASKS)
    const silenced = named.map(({ key }) => key).filter((key) => silent.has(idOf(key)))
    for (const key of [...old, ...silenced]) {
      const row = await access.read(() => records.get(key))
      if (row) await access.write(() => records.delete(key, row.version))
    }
  }

  async function list(prefix: string): Promise<readonly ActionRow[]> {
    return access.read(() => records.list(prefix))
  }
}

function told(kept: KeptAction): OperatorAction {
  const { noted: _, ...action } = kept
  return action
}

/** Removes the search text from a filter. The text may come from a payload that is erased later. */
function withoutText(filter: TaskFilter): TaskFilter {
  return filter.text === undefined ? filter : { ...filter, text: '(not kept)' }
}

// Returns undefined for a damaged row, so that the other rows are still listed.
function read(text: string): KeptAction | undefined {
  const action = parsed(text) as Partial<KeptAction> | null | undefined
  return typeof action?.id === 'string' && action.filter ? (action as KeptAction) : undefined
}

function tasksIn(text: string): readonly string[] {
  const tasks = parsed(text)
  return Array.isArray(tasks) ? (tasks as string[]) : []
}

function idOf(key: string): string {
  return key.slice(ACTION_TASKS.length, key.indexOf(':', ACTION_TASKS.length))
}

function carried(cursor: string | undefined): {
  readonly id: string | undefined
  readonly cursor: string | undefined
} {
  const [, id, rest] = /^([0-9a-z]{15})!(.*)$/s.exec(cursor ?? '') ?? []
  // A cursor with only an id, as in `<id>!`, continues the action from the start of the list, with another filter.
  return id === undefined ? { id, cursor } : { id, cursor: rest === '' ? undefined : rest }
}

function checkBy(what: string, by: unknown): void {
  if (by !== undefined && !(typeof by === 'string' && by.length <= NAME))
    throw new TypeError(`${what}: by must be a name of at most ${NAME} characters`)
}

export interface ActionNote {
  /**
   * Returns the rows to write with the change. `count` is the number of changes. If `count` is left out, it is the
   * number of `tasks`.
   */
  rows(tasks: readonly string[], count?: number, result?: string): readonly ActionRow[]
  /** Returns the rows to write before the first change, for inboxes that cannot write them with the change. */
  begun(): readonly ActionRow[]
  /** Adds the number of changes of the last transaction to the total. */
  done(count: number): void
}

interface KeptAction extends OperatorAction {
  /** Number of the action's tasks whose ids are kept. */
  readonly noted: number
}

const ACTION = 'actions:'
const ACTION_TASKS = 'actions-tasks:'
/** Maximum number of task ids that are kept, over all actions. */
const MOST_TASKS = 20_000

function noteOf(action: KeptAction): ActionNote {
  let { count, noted } = action
  let more = 0
  return {
    rows(tasks, changed = tasks.length, result) {
      if (changed === 0) return []
      const room = Math.max(0, MOST_TASKS - noted)
      const named = action.what === 'prune' ? [] : tasks.slice(0, room)
      more = named.length
      const rows = [head(count + changed, noted + more, result)]
      if (named.length === 0) return rows
      const place = String(noted).padStart(6, '0')
      return [
        ...rows,
        { key: `${ACTION_TASKS}${action.id}:${place}`, value: JSON.stringify(named) },
      ]
    },
    done(changed) {
      count += changed
      noted += more
      more = 0
    },
    begun: () => [head(count, noted)],
  }

  function head(changed: number, named: number, result?: string): ActionRow {
    const next = {
      ...action,
      last: Date.now(),
      count: changed,
      noted: named,
      ...(result && { result }),
    }
    return { key: ACTION + action.id, value: JSON.stringify(next) }
  }
}

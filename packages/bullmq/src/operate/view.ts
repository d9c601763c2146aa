import {
  checkFilter,
  orphansOf,
  unknownOptions,
  type Cause,
  type Consumer,
  type InboxView,
  type LaneStats,
  type TaskInfo,
  type UnreadTeller,
  checkErase,
  encodeDelivery,
  encodeEvent,
  erased,
  inSteps,
  isAboutTasks,
  matches,
  type Changed,
  type EraseOptions,
  type StepPlace,
  type TaskFilter,
} from '@postern/core/inbox'
import { causes } from './causes.ts'
import { createChanges } from './change.ts'
import { connected, runScript, runBuffer } from '../store/connection.ts'
import { find, isRef, eventsIn, eventsOf, parseCursor } from './list.ts'
import { eventOfJob, parseQueueName, parseRef } from '../store/queues.ts'
import type { KeptActions } from '../journal/journaled.ts'
import type { ReviveContext } from '../accept/revive.ts'
import { showTask, showEvents, type ShownEvent } from './show.ts'
import { readStored, type Stored } from '../store/stored.ts'
import { pagesOf, keptPlacesOf, type KeptPlace } from './places.ts'

/** The inbox as its view sees it. */
export interface ViewContext extends ReviveContext {
  readonly deadline: number
  readonly actions: KeptActions
  readonly unread: UnreadTeller
  readonly consumers: () => readonly Consumer[]
}

type CountRow = readonly [
  name: string,
  waiting: number,
  delayed: number,
  active: number,
  completed: number,
  failed: number,
  oldest: string,
]

const LIMIT = 100
const MOST = 1000
const BUDGET = 500

/** The view for operators. It reads Redis directly, so it shows the tasks of all processes. */
export function createView(context: ViewContext): InboxView {
  const { client, prefix, deadline } = context
  const changes = createChanges(context)
  return {
    async list(query = {}) {
      const { limit = LIMIT, cursor, budget = BUDGET, ...filter } = query
      checkFilter(filter, 'list')
      checkLimit(limit)
      await connected(client, deadline)
      const rows: TaskInfo[] = []
      const until = performance.now() + budget
      let place: { readonly cursor: string; readonly at: number } | undefined
      for await (const { task, ...here } of find(context, filter, cursor)) {
        if (task && rows.length === limit) return page(place)
        place = here
        if (task) rows.push(task)
        else if (performance.now() >= until) return page(place)
      }
      return page(undefined)

      function page(at: typeof place): ReturnType<InboxView['list']> {
        return { rows, cursor: at?.cursor, searchedTo: at?.at }
      }
    },
    async get(id) {
      await connected(client, deadline)
      const info = isRef(id) ? await showTask(context, id) : undefined
      if (!info) return undefined
      const event = eventOfJob(parseRef(id).id)
      const found = (await runBuffer(client, 'posternGetEvent', prefix, event)) as Stored | null
      return found ? { ...info, ...readStored(found, info) } : undefined
    },
    async stats() {
      return (await counts()).map(stats)
    },
    async causes(filter = {}): Promise<readonly Cause[]> {
      unknownOptions('causes', filter, ['receiver', 'subscription'])
      await connected(client, deadline)
      return causes(context, filter)
    },
    async version() {
      await connected(client, deadline)
      const [saved, changed] = (await runScript(client, 'posternVersion', prefix)) as [
        string,
        string,
      ]
      // A save resets the count of changes; the pair of its second and the count never repeats.
      return Number(saved) * 1_000_000 + Number(changed)
    },
    replay: changes.replay,
    rerun: changes.rerun,
    delete: changes.delete,
    erase: createErase(context),
    prune: changes.prune,
    async orphans() {
      const rows = (await counts()).map((row) => {
        const [name, waiting, delayed] = row
        return { ...parseQueueName(name), pending: waiting + delayed }
      })
      return orphansOf(rows, context.consumers())
    },
  }

  async function counts(): Promise<readonly CountRow[]> {
    await connected(client, deadline)
    const rows = (await runScript(
      client,
      'posternCounts',
      prefix,
      Date.now(),
      '',
    )) as readonly CountRow[]
    return rows.toSorted(([one], [other]) => (one < other ? -1 : 1))
  }
}

function stats([name, waiting, delayed, active, done, dead, oldest]: CountRow): LaneStats {
  return {
    ...parseQueueName(name),
    counts: { pending: waiting + delayed, running: active, done, dead },
    oldest: oldest === '' ? undefined : Number(oldest),
  }
}

function checkLimit(limit: number): void {
  if (!(Number.isSafeInteger(limit) && limit >= 1 && limit <= MOST))
    throw new TypeError(
      `list: limit must be a whole number from 1 to ${MOST}, got ${String(limit)}`,
    )
}

// Bodies in memory at once: each may have megabytes.
const AT_ONCE = 10

/** Makes `InboxView.erase`. One script looks at the jobs of an event and empties it. */
function createErase(context: ViewContext): InboxView['erase'] {
  const { client, prefix, deadline } = context

  return async (filter, options = {}) => {
    checkErase(filter, options)
    await connected(client, deadline)
    const { actions } = context
    if (options.passing) return inSteps(options, (place) => step(filter, options, place))
    return actions.noted({ what: 'erase', filter }, options, (note, left) =>
      inSteps(left, async (place) => {
        const changed = await step(filter, left, place)
        await actions.write(note, [], changed.count)
        return changed
      }),
    )
  }

  async function step(
    filter: TaskFilter,
    { passing = false, keep }: EraseOptions,
    { cursor, rows, dryRun }: StepPlace,
  ): Promise<Changed> {
    const start = cursor === undefined ? undefined : parseCursor(cursor)
    let count = 0
    for await (const places of await pages(filter, passing, start)) {
      const shown = await showEvents(
        context,
        places.map(({ event }) => event),
      )
      const wanted: string[] = []
      for (const event of shown)
        if (event.name !== start?.event && (await fits(filter, event))) wanted.push(event.name)
      const found = await look(wanted, passing)
      const some = found.slice(0, rows - count)
      count += dryRun
        ? some.length
        : await erase(
            some.map((name) => shown.find((each) => each.name === name)!),
            passing,
            keep,
          )
      if (found.length > some.length || count === rows)
        return {
          count,
          cursor: cursorOf(places, found.length > some.length ? some.at(-1) : undefined),
        }
    }
    return { count, cursor: undefined }
  }

  /** Pages of the events that a filter can mean. */
  async function pages(
    filter: TaskFilter,
    passing: boolean,
    start: KeptPlace | undefined,
  ): Promise<AsyncGenerator<readonly KeptPlace[]>> {
    if (filter.id !== undefined) {
      const events = isRef(filter.id) ? [eventOfJob(parseRef(filter.id).id)] : []
      return pagesOf(await keptPlacesOf(context, events), start)
    }
    if (filter.keys)
      return pagesOf(await keptPlacesOf(context, await eventsOf(context, filter)), start)
    if (passing) return pagesOf(undefined, start, { client, prefix, index: 'passing' }, filter)
    return pagesOf(await eventsIn(context, filter), start, context, filter)
  }

  /** True if the filter means the event, or one of its tasks if it has a key of tasks. */
  async function fits(filter: TaskFilter, shown: ShownEvent): Promise<boolean> {
    // Keys of tasks were not given: what stands for them is not looked at.
    const tasks = isAboutTasks(filter) ? shown.tasks : [shown as unknown as TaskInfo]
    if (tasks.some((task) => matches(filter)(task))) return true
    if (filter.text === undefined) return false
    const others = tasks.filter((task) => matches({ ...filter, text: '' })(task))
    if (others.length === 0) return false
    const stored = await read(shown.name)
    return others.some((task) =>
      matches(filter)(task, () => stored && readStored(stored, shown).record.payload),
    )
  }

  async function read(name: string): Promise<Stored | null> {
    return (await runBuffer(client, 'posternGetEvent', prefix, name)) as Stored | null
  }

  async function look(names: readonly string[], passing: boolean): Promise<readonly string[]> {
    const none = names.flatMap((name) => [name, '', ''])
    return names.length === 0 ? [] : script(passing, none)
  }

  async function erase(
    events: readonly ShownEvent[],
    passing: boolean,
    keep: EraseOptions['keep'],
  ): Promise<number> {
    const emptied: string[] = []
    for (let from = 0; from < events.length; from += AT_ONCE) {
      const some = events.slice(from, from + AT_ONCE)
      const stored = await Promise.all(some.map(({ name }) => read(name)))
      stored.forEach((found, at) => {
        if (!found) return
        const { record: event, delivery } = readStored(found, some[at]!)
        const left = erased({ event, delivery }, keep)
        emptied.push(some[at]!.name, encodeEvent(left.event), encodeDelivery(left.delivery).head)
      })
    }
    return emptied.length === 0 ? 0 : (await script(passing, emptied)).length
  }

  async function script(passing: boolean, args: readonly string[]): Promise<readonly string[]> {
    const given = [passing ? '1' : '', ...args]
    return (await runScript(client, 'posternErase', prefix, ...given)) as readonly string[]
  }
}

/** Where the next step begins: behind an event of the page, or behind all. */
function cursorOf(places: readonly KeptPlace[], event: string | undefined): string {
  const { at, event: name } = places.find((place) => place.event === event) ?? places.at(-1)!
  return `${at}~${name}~`
}

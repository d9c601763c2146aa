import {
  checkErase,
  encodeDelivery,
  encodeEvent,
  erased,
  inSteps,
  isAboutTasks,
  matches,
  type Changed,
  type EraseOptions,
  type InboxView,
  type StepPlace,
  type TaskFilter,
  type TaskInfo,
} from '@postern/core/inbox'
import { connected, runScript, runBuffer } from '../store/connection.ts'
import { eventsIn, eventsOf, isRef, parseCursor } from './list.ts'
import { eventOfJob, parseRef } from '../store/names.ts'
import { pagesOf, keptPlacesOf, type KeptPlace } from './places.ts'
import { showEvents, type ShownEvent } from './show.ts'
import { readStored, type Stored } from '../store/stored.ts'
import type { ViewContext } from './view.ts'

// Bodies in memory at once: each may have megabytes.
const AT_ONCE = 10

/** Makes `InboxView.erase`. One script looks at the jobs of an event and empties it. */
export function createErase(context: ViewContext): InboxView['erase'] {
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

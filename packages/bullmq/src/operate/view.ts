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
} from '@postern/core/inbox'
import { causes } from './causes.ts'
import { createErase } from './erase.ts'
import { createChanges } from './change.ts'
import { connected, runScript, runBuffer } from '../store/connection.ts'
import { find, isRef } from './list.ts'
import { eventOfJob, parseQueueName, parseRef } from '../store/names.ts'
import type { KeptActions } from '../journal/actions.ts'
import type { ReviveContext } from '../accept/revive.ts'
import { showTask } from './show.ts'
import { readStored, type Stored } from '../store/stored.ts'

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
    discard: changes.discard,
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

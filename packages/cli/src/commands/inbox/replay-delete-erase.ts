import type { Command } from 'commander'
import type { Changed, InboxView, TaskFilter } from '@postern/core/inbox'
import { examples, runAction } from '../../action.ts'
import { askFirst, filterOf, type InboxCommandOptions } from '../../options/inbox-options.ts'
import { withInbox, type OpenInbox } from '../../inbox.ts'
import { Failure, type ExitCode, remark, say, sayJson } from '../../print/say.ts'
import { who } from '../../who.ts'
import { createBar } from '../../sender-api/bar.ts'
import { inboxOptions, taskOptions } from '../../options/shared-options.ts'
import { counted, lasting } from '../../print/style.ts'
import { places, type InboxOptions } from '../../inboxes.ts'
import { setTimeout as wait } from 'node:timers/promises'
import { followTasks, type TaskEnds } from '@postern/core/engine'

const CHANGES = {
  replay: { does: 'run dead tasks again', example: '--cause 3f2a… --dry-run' },
  delete: { does: 'delete pending or dead tasks', example: '--cause 3f2a… --dry-run' },
  erase: {
    does: 'erase payload, headers and body of ended events',
    example: '--event-id evt_123',
  },
} as const

type Verb = keyof typeof CHANGES

export function declare(inbox: Command): void {
  for (const verb of Object.keys(CHANGES) as Verb[]) {
    const command = taskOptions(inboxOptions(inbox.command(verb)))
      .description(CHANGES[verb].does)
      .option('--dry-run', 'count without changing anything')
      .option('-y, --yes', 'do not ask for confirmation')
      .addHelpText('after', examples(`inbox ${verb} --sqlite webhooks.db ${CHANGES[verb].example}`))
      .action(runAction((options: InboxCommandOptions) => changeCommand(verb, options)))
    if (verb === 'replay')
      command
        .option('--rate <number>', 'set the number of tasks per second')
        .option('--wait', 'wait until the tasks have ended')
  }
}

/**
 * `postern inbox replay`, `delete` and `erase`: count the tasks, ask for confirmation, and change the tasks in chunks.
 */
async function changeCommand(
  verb: Verb,
  options: InboxCommandOptions & { readonly wait?: boolean },
): Promise<ExitCode> {
  const filter = filterOf(options)
  if (verb !== 'replay' && Object.keys(filter).length === 0) throw new Failure(2, UNFILTERED[verb])
  const rate = options.rate === undefined ? undefined : Number(options.rate)
  if (rate !== undefined && !(rate > 0))
    throw new Failure(2, `--rate must be tasks per second, got ${options.rate}`)
  // The last argument opens the inbox for writing. `erase` writes even in a dry run, because it counts events under
  // locks.
  return withInbox<ExitCode>(
    options,
    async ({ view, journal, name }) => {
      if (options.wait && !journal)
        throw new Failure(
          2,
          `--wait: ${name} keeps no list of actions, so the tasks cannot be followed`,
        )
      const total = await inChunks(
        async (cursor) => view[verb](filter, { dryRun: true, ...cursor }),
        () => false,
      )
      const span =
        rate === undefined ? '' : `, at ${rate} a second, about ${lasting((total / rate) * 1000)}`
      const end = await askFirst(
        {
          total,
          says: plan(verb, total, span),
          none: verb === 'erase' ? 'no event with ended tasks matches' : 'no task matches',
          ifNone: 1,
        },
        options,
      )
      if (end !== undefined) return end
      const { count, stopped, action } = await changed(verb, view, filter, rate, total)
      if (!options.json)
        say(result(verb, count, filterLine(options, { ...filter, state: 'pending' })))
      if (stopped)
        remark(`stopped: ${total - count} are unchanged; run the same command to continue`)
      const ends =
        options.wait && !stopped ? await followAction({ view, journal }, action) : undefined
      if (options.json) sayJson({ count, ...(stopped && { stopped }), ...(ends && { ends }) })
      else if (ends) say(endsTold(ends))
      if (ends && ends.of < count)
        remark(`${count - ends.of} more were queued but are not followed: the limit is 20,000`)
      return stopped || (ends && ends.done < count) ? 1 : 0
    },
    verb === 'erase' || options.dryRun !== true,
  )
}

const UNFILTERED = {
  delete:
    'delete needs a filter, such as --cause or --state dead: a deleted task cannot be restored',
  erase:
    'erase needs a filter, such as --event-id or --until 90d: erased contents cannot be restored',
} as const

function plan(verb: Verb, total: number, span: string): string {
  if (verb === 'replay')
    return `Run ${counted(total, 'task')} again${span}. They run in your app, with today's handlers; this command only queues them.`
  if (verb === 'delete')
    return `Delete ${counted(total, 'task')}. They cannot be restored; a redelivery of their events stays a duplicate.`
  return `Erase payload, headers and body of ${counted(total, 'event')}. They cannot be restored or replayed; ids, topics and error texts stay, and a redelivery stays a duplicate.`
}

function result(verb: Verb, count: number, waiting: string): string {
  if (verb === 'erase') return `Erased: ${counted(count, 'event')}.`
  if (verb === 'delete') return `Deleted: ${counted(count, 'task')}.`
  return `Queued again: ${counted(count, 'task')}. There is no undo: tasks that have not run yet can only be deleted, with postern inbox delete ${waiting}`
}

async function changed(
  verb: Verb,
  view: InboxView,
  filter: TaskFilter,
  rate: number | undefined,
  total: number,
): Promise<{
  readonly count: number
  readonly stopped: boolean
  readonly action: string | undefined
}> {
  let stopped = false
  let action: string | undefined
  // The first Ctrl-C stops after the current chunk, which is changed whole or not at all. The second Ctrl-C ends the
  // process.
  const stop = (): void => void (stopped = true)
  process.once('SIGINT', stop)
  const bar = createBar()
  let done = 0
  try {
    const count = await inChunks(
      async (cursor) => {
        const step = await view[verb](filter, {
          limit: 1000,
          ...who(),
          ...cursor,
          ...(rate !== undefined && verb === 'replay' && { rate }),
        })
        done += step.count
        action = step.action ?? action
        bar.show(`${done} of ${total}`, done / total)
        return step
      },
      () => stopped,
    )
    return { count, stopped: stopped && count < total, action }
  } finally {
    bar.end()
    process.off('SIGINT', stop)
  }
}

async function inChunks(
  next: (cursor: { readonly cursor?: string }) => Promise<Changed>,
  isStopped: () => boolean,
): Promise<number> {
  let count = 0
  let cursor: string | undefined
  do {
    const step = await next(cursor === undefined ? {} : { cursor })
    count += step.count
    ;({ cursor } = step)
    // Waits one turn of the event loop, because Node handles signals only between turns.
    await new Promise((resolve) => setImmediate(resolve))
  } while (cursor !== undefined && !isStopped())
  return count
}

const FLAGS = {
  receiver: '--receiver',
  provider: '--provider',
  subscription: '--subscription',
  part: '--child',
  topic: '--topic',
  eventId: '--event-id',
  id: '--id',
  cause: '--cause',
  text: '--text',
  after: '--since',
  before: '--until',
  state: '--state',
} as const

/**
 * Returns the command-line options of this inbox and this filter, quoted for a shell. Ages become dates, because the
 * command may run later. A URL becomes `…`, because it may contain a password.
 */
function filterLine(options: InboxOptions, filter: TaskFilter): string {
  const place = places.flatMap(({ place: { flag, takes } }) => {
    const value = options[flag]
    if (value === undefined) return []
    return [`--${flag}`, takes === 'url' ? '…' : quoted(value)]
  })
  const given = Object.entries(FLAGS).flatMap(([name, flag]) => {
    const value = filter[name as keyof typeof FLAGS]
    if (value === undefined) return []
    return [flag, quoted(typeof value === 'number' ? new Date(value).toISOString() : value)]
  })
  return [...place, ...given].join(' ')
}

function quoted(value: string): string {
  return /^[\w./:@%+,-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`
}

interface Ends extends Omit<TaskEnds, 'same'> {
  /** Number of dead tasks with the `cause` of the filter. Undefined if the filter has no `cause`. */
  readonly same?: number
  readonly of: number
}

// Maximum time of one check of the tasks, and pause between two checks, in milliseconds.
const LOOK = 200
const PAUSE = 300

/**
 * Waits until all tasks of an action have ended, or for Ctrl-C. The tasks run in the app, so a worker must be running.
 */
async function followAction(
  { view, journal }: Pick<OpenInbox, 'view' | 'journal'>,
  action: string | undefined,
): Promise<Ends> {
  const found = action === undefined ? [] : ((await journal?.actions({ id: action }))?.rows ?? [])
  const { tasks = [], filter = {} } = found[0] ?? {}
  const { cause } = filter
  const followed = followTasks(view, tasks, cause)
  const stop = new AbortController()
  const end = (): void => stop.abort()
  // The first Ctrl-C stops the wait. The second ends the process.
  process.once('SIGINT', end)
  const bar = createBar()
  try {
    for (;;) {
      const { same, ...rest } = await followed.look(LOOK)
      const ends = { ...rest, ...(cause !== undefined && { same }), of: tasks.length }
      bar.show(endsTold(ends), tasks.length === 0 ? 1 : 1 - ends.waiting / tasks.length)
      if (ends.waiting === 0 || stop.signal.aborted) return ends
      await wait(PAUSE, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  } finally {
    bar.end()
    process.off('SIGINT', end)
  }
}

/** Returns one line, such as `312 queued · 280 done · 20 waiting · 12 dead again, same error`. */
function endsTold({ of, done, waiting, dead, same = 0, gone }: Ends): string {
  const known =
    same === 0 ? '' : same === dead ? ', same error' : `, ${same} of them with the same error`
  const parts = [
    [done, 'done'],
    [waiting, 'waiting'],
    [dead, `dead again${known}`],
    [gone, 'no longer kept'],
  ] as const
  return [
    `${of} queued`,
    ...parts.flatMap(([count, words]) => (count === 0 ? [] : `${count} ${words}`)),
  ].join(' · ')
}

import type { InboxView, TaskFilter } from '@postern/core/inbox'
import { agreed } from '../agreed.ts'
import { filterOf, type InboxCommandOptions } from '../inbox-options.ts'
import { withInbox } from '../inbox.ts'
import { Failure, remark, say, type ExitCode } from '../outcome.ts'
import { lasting } from '../style.ts'
import { sinceOption } from '../time-option.ts'

type Verb = 'replay' | 'discard' | 'erase'

/** `postern inbox replay`, `discard` and `erase`: counts first, asks, then changes in chunks. */
export async function changeCommand(verb: Verb, options: InboxCommandOptions): Promise<ExitCode> {
  const filter = filterOf(options)
  if (verb !== 'replay' && Object.keys(filter).length === 0) throw new Failure(2, UNFILTERED[verb])
  const rate = options.rate === undefined ? undefined : Number(options.rate)
  if (rate !== undefined && !(rate > 0))
    throw new Failure(2, `--rate must be tasks a second, got ${options.rate}`)
  return withInbox<ExitCode>(options, async ({ view }) => {
    const total = await counted(verb, view, filter)
    const span =
      rate === undefined ? '' : `, at ${rate} a second, about ${lasting((total / rate) * 1000)}`
    const says = plan(verb, total, span)
    if (total === 0) {
      remark(verb === 'erase' ? 'no event matches whose tasks have ended' : 'no task matches')
      return 1
    }
    if (options.dryRun) {
      say(options.json ? JSON.stringify({ count: total, dryRun: true }) : says)
      return 0
    }
    if (!options.yes && !(await agreed(says))) {
      remark('nothing was changed')
      return 1
    }
    const count = await changed(verb, view, filter, rate, total)
    say(options.json ? JSON.stringify({ count }) : result(verb, count))
    return 0
  })
}

const UNFILTERED = {
  discard: 'discard needs a filter, such as --cause or --state dead: nothing can bring a task back',
  erase:
    'erase needs a filter, such as --event-id or --until 90d: nothing can bring the contents back',
} as const

function plan(verb: Verb, total: number, span: string): string {
  if (verb === 'replay')
    return `Run ${total} tasks again${span}. They run in your app, with today's handlers; this command only queues them.`
  if (verb === 'discard')
    return `Discard ${total} tasks. Nothing can bring them back; a redelivery of their events stays a duplicate.`
  return `Erase payload, headers and body of ${total} events. Nothing can bring them back, and they cannot be replayed; ids, topics and error texts stay, and a redelivery stays a duplicate.`
}

function result(verb: Verb, count: number): string {
  if (verb === 'replay')
    return `${count} tasks are queued again. Undo: postern inbox discard --state pending, with the same filter.`
  return verb === 'discard' ? `${count} tasks were discarded.` : `${count} events were erased.`
}

/** `postern inbox prune <age>`. */
export async function pruneCommand(age: string, options: InboxCommandOptions): Promise<ExitCode> {
  const before = sinceOption('age', age)!
  return withInbox<ExitCode>(options, async ({ view }) => {
    const says = `Forget done and dead tasks received before ${new Date(before).toISOString()}. Their payloads are gone then.`
    if (!options.yes && !(await agreed(says))) {
      remark('nothing was changed')
      return 1
    }
    const count = await view.prune(before)
    say(options.json ? JSON.stringify({ count }) : `${count} tasks were forgotten.`)
    return 0
  })
}

async function counted(verb: Verb, view: InboxView, filter: TaskFilter): Promise<number> {
  let total = 0
  let cursor: string | undefined
  do {
    const step = await view[verb](filter, { dryRun: true, ...(cursor !== undefined && { cursor }) })
    total += step.count
    ;({ cursor } = step)
  } while (cursor !== undefined)
  return total
}

async function changed(
  verb: Verb,
  view: InboxView,
  filter: TaskFilter,
  rate: number | undefined,
  total: number,
): Promise<number> {
  let count = 0
  let cursor: string | undefined
  do {
    const step = await view[verb](filter, {
      limit: 1000,
      ...(cursor !== undefined && { cursor }),
      ...(rate !== undefined && verb === 'replay' && { rate }),
    })
    count += step.count
    ;({ cursor } = step)
    if (process.stderr.isTTY) process.stderr.write(`\r${count} of ${total}`)
  } while (cursor !== undefined)
  if (process.stderr.isTTY) process.stderr.write('\n')
  return count
}

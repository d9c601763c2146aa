import type { TaskInfo, Arrival, CauseSubscription } from '@postern/core/inbox'
import { taskFields, TASK_FIELDS, deliveryFields, DELIVERY_FIELDS } from '@postern/core/internal'
import type { Command } from 'commander'
import { examples, runAction } from '../../action.ts'
import { filterOf, type InboxCommandOptions, sinceOption } from '../../options/inbox-options.ts'
import { withInbox, type OpenInbox } from '../../inbox.ts'
import { type ExitCode, remark, say, sayJson, Failure } from '../../print/say.ts'
import { MORE, type NextPage, rowsOf, wroteRows } from '../../print/pages.ts'
import {
  fileOptions,
  inboxOptions,
  taskOptions,
  eventOptions,
  timeOptions,
  rowOptions,
} from '../../options/shared-options.ts'
import { taskState, timeOf, claimText, lasting, state } from '../../print/style.ts'
import { table } from '../../print/table.ts'
import { shown } from '../../print/terminal.ts'
import { grouped } from '@postern/core/engine'

export function declareList(inbox: Command): void {
  fileOptions(taskOptions(inboxOptions(inbox.command('list'))))
    .description('list tasks, newest first')
    .addHelpText(
      'after',
      examples(
        'inbox list --sqlite webhooks.db --state dead --since 2h',
        'inbox list --sqlite webhooks.db --limit 10000 --output csv > tasks.csv',
      ),
    )
    .action(runAction(listCommand))
}

async function listCommand(options: InboxCommandOptions): Promise<ExitCode> {
  const filter = filterOf(options)
  return withInbox<ExitCode>(options, async ({ view }) => {
    const next: NextPage<TaskInfo> = (page) => view.list({ ...filter, ...page })
    if (await wroteRows(options, TASK_FIELDS, next, (rows) => rows.map(taskFields))) return 0
    const { rows, more } = await rowsOf(options.limit, next)
    tell('tasks', rows, more, options, {
      none: 'no task matches',
      heads: [
        'received',
        'state',
        'receiver',
        'subscription',
        'topic',
        'attempts',
        'task',
        'error',
      ],
      drops: ['attempts', 'topic', 'received', 'subscription', 'receiver'],
      cells: (task) => [
        timeOf(task.receivedAt),
        taskState(task),
        shown(task.receiver),
        shown(task.subscription),
        shown(task.event.topic),
        String(task.attempts),
        shown(task.id),
        shown(task.error?.message ?? '', 80),
      ],
    })
    return 0
  })
}

export function declareDeliveries(inbox: Command): void {
  fileOptions(timeOptions(eventOptions(inboxOptions(inbox.command('deliveries')))))
    .description('list deliveries and their outcomes')
    .option('--outcome <outcome>', 'match: accepted, duplicate, handshake, unhandled, rejected')
    .option('--code <code>', 'match this rejection code, such as signature_mismatch')
    .addHelpText(
      'after',
      examples('inbox deliveries --sqlite webhooks.db --outcome rejected --since 1h'),
    )
    .action(runAction(deliveriesCommand))
}

async function deliveriesCommand(options: InboxCommandOptions): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async (inbox) => {
    const journal = journalOf(inbox)
    const { receiver, provider, topic, eventId, text, outcome, code } = options
    const since = sinceOption('--since', options.since)
    const until = sinceOption('--until', options.until)
    const given = { receiver, provider, topic, eventId, text, outcome, code, since, until }
    const filter = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    )
    const next: NextPage<Arrival> = (page) => journal.deliveries({ ...filter, ...page })
    const fieldsOf = async (
      rows: readonly Arrival[],
    ): Promise<ReturnType<typeof deliveryFields>[]> => {
      const tasks = await tasksOf(inbox, rows)
      return rows.map((row) => deliveryFields(row, tasks.get(row)))
    }
    if (await wroteRows(options, DELIVERY_FIELDS, next, fieldsOf)) return 0
    const { rows, more } = await rowsOf(options.limit, next)
    tell('deliveries', rows, more, options, {
      none: 'no delivery matches',
      heads: ['arrived', 'outcome', 'reply', 'took', 'receiver', 'topics', 'delivery', 'why'],
      drops: ['took', 'reply', 'topics', 'arrived', 'receiver'],
      cells: (one) => [
        timeOf(one.at),
        state(one.outcome),
        String(one.status),
        lasting(one.took),
        shown(one.receiver),
        one.topics.length > 0 ? shown(one.topics.join(', '), 60) : claimText(one.claims),
        shown(one.id),
        shown(one.code === undefined ? '' : `${one.code}: ${one.reason ?? ''}`, 100),
      ],
    })
    return 0
  })
}

function tell<Row>(
  name: string,
  rows: readonly Row[],
  more: boolean,
  { json }: InboxCommandOptions,
  list: {
    readonly none: string
    readonly heads: readonly string[]
    readonly drops: readonly string[]
    readonly cells: (row: Row) => readonly string[]
  },
): void {
  if (json) return sayJson({ [name]: rows, more }, 2)
  const { none, heads, cells, drops } = list
  if (rows.length === 0) remark(none)
  else say(table([heads, ...rows.map(cells)], { drops }))
  if (more) remark(MORE)
}

function journalOf({ journal, name }: OpenInbox): NonNullable<OpenInbox['journal']> {
  if (!journal) throw new Failure(2, `${name} keeps no journal of deliveries`)
  return journal
}

// Limits of one query to the inbox: number of event keys to search for, and number of tasks to return.
const KEYS = 100
const TASKS = 1000

async function tasksOf(
  { view }: OpenInbox,
  arrivals: readonly Arrival[],
): Promise<ReadonlyMap<Arrival, readonly TaskInfo[]>> {
  const keys = [...new Set(arrivals.flatMap((arrival) => arrival.keys))]
  const tasks: TaskInfo[] = []
  for (let at = 0; at < keys.length; at += KEYS)
    tasks.push(...(await view.list({ keys: keys.slice(at, at + KEYS), limit: TASKS })).rows)
  const byEvent = grouped(tasks, ({ receiver, event }) => `${receiver} ${event.key}`)
  return new Map(
    arrivals.map((arrival) => [
      arrival,
      arrival.keys.flatMap((key) => byEvent.get(`${arrival.receiver} ${key}`) ?? []),
    ]),
  )
}

export function declareCauses(inbox: Command): void {
  inboxOptions(inbox.command('causes'))
    .description('group failed tasks by their error')
    .option('--receiver <name>', 'match this receiver')
    .option('--subscription <name>', 'match this subscription')
    .addHelpText('after', examples('inbox causes --sqlite webhooks.db --subscription mail'))
    .action(runAction(causesCommand))
}

async function causesCommand(options: InboxCommandOptions): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async ({ view }) => {
    const { receiver, subscription } = options
    const causes = await view.causes({
      ...(receiver !== undefined && { receiver }),
      ...(subscription !== undefined && { subscription }),
    })
    if (options.json) sayJson({ causes }, 2)
    else if (causes.length === 0) say('No task failed.')
    else
      say(
        table(
          [
            ['dead', 'retrying', 'receiver', 'subscription', 'last', 'cause', 'error'],
            ...causes.flatMap(
              ({
                cause,
                sample,
                last,
                subscriptions: lanes,
                subscriptionCount,
                dead,
                retrying,
              }) => [
                ...lanes.map((lane) => [
                  String(lane.dead),
                  String(lane.retrying),
                  shown(lane.receiver),
                  shown(lane.subscription),
                  timeOf(last),
                  shown(cause),
                  shown(sample.message, 100),
                ]),
                ...(subscriptionCount > lanes.length
                  ? [
                      [
                        String(dead - sumOf(lanes, 'dead')),
                        String(retrying - sumOf(lanes, 'retrying')),
                        '…',
                        `${subscriptionCount - lanes.length} more`,
                        timeOf(last),
                        shown(cause),
                        shown(sample.message, 100),
                      ],
                    ]
                  : []),
              ],
            ),
          ],
          { drops: ['last', 'retrying', 'subscription', 'receiver'] },
        ),
      )
    const ofNewest = causes[0]?.ofNewest
    if (ofNewest !== undefined)
      remark(
        `only the ${ofNewest} newest failed tasks of each subscription were grouped; postern inbox stats counts all`,
      )
    return 0
  })
}

function sumOf(lanes: readonly CauseSubscription[], key: 'dead' | 'retrying'): number {
  return lanes.reduce((sum, lane) => sum + lane[key], 0)
}

export function declareActions(inbox: Command): void {
  rowOptions(inboxOptions(inbox.command('actions')))
    .description('list who changed which tasks')
    .option('--task <id>', 'match actions that changed this task')
    .addHelpText('after', examples('inbox actions --sqlite webhooks.db'))
    .action(runAction(actionsCommand))
}

async function actionsCommand(
  options: InboxCommandOptions & { readonly task?: string },
): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async (inbox) => {
    const { task } = options
    const { rows, more } = await rowsOf(options.limit, (page) =>
      journalOf(inbox).actions({ ...page, ...(task !== undefined && { task }) }),
    )
    tell('actions', rows, more, options, {
      none: 'no task was changed by a person',
      heads: ['when', 'who', 'what', 'count', 'which'],
      drops: ['when', 'what'],
      cells: ({ at, by, what, count, filter }) => [
        timeOf(at),
        shown(by ?? '?', 30),
        what,
        String(count),
        shown(JSON.stringify(filter), 100),
      ],
    })
    return 0
  })
}

export function declareStats(inbox: Command): void {
  inboxOptions(inbox.command('stats'))
    .description('count tasks by subscription and state')
    .addHelpText('after', examples('inbox stats --sqlite webhooks.db --json'))
    .action(runAction(statsCommand))
}

async function statsCommand(options: InboxCommandOptions): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async ({ view }) => {
    const lanes = await view.stats()
    if (options.json) sayJson({ subscriptions: lanes }, 2)
    else
      say(
        table(
          [
            ['receiver', 'subscription', 'pending', 'running', 'done', 'dead', 'oldest due'],
            ...lanes.map(({ receiver, subscription, counts, oldestDueAt: oldest }) => [
              shown(receiver),
              shown(subscription),
              ...[counts.pending, counts.running, counts.done, counts.dead].map(String),
              oldest === undefined ? '' : lasting(Math.max(0, Date.now() - oldest)),
            ]),
          ],
          { drops: ['running', 'done', 'pending', 'receiver'] },
        ),
      )
    return 0
  })
}

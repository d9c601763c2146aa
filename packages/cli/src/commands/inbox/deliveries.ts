import { grouped } from '@postern/core/engine'
import type { Arrival, TaskInfo } from '@postern/core/inbox'
import { deliveryFields, DELIVERY_FIELDS } from '@postern/core/internal'
import type { Command } from 'commander'
import { examples, runAction } from '../../action.ts'
import { type InboxCommandOptions, sinceOption } from '../../options/inbox-options.ts'
import { withInbox, type OpenInbox } from '../../inbox.ts'
import { Failure, type ExitCode, remark, say, sayJson } from '../../print/say.ts'
import { MORE, type NextPage, rowsOf, wroteRows } from '../../print/pages.ts'
import {
  eventOptions,
  fileOptions,
  inboxOptions,
  timeOptions,
} from '../../options/shared-options.ts'
import { claimText, lasting, state, timeOf } from '../../print/style.ts'
import { table } from '../../print/table.ts'
import { shown } from '../../print/terminal.ts'

export function declare(inbox: Command): void {
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

/** `postern inbox deliveries`: deliveries and their replies. */
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
    if (options.json) sayJson({ deliveries: rows, more }, 2)
    else if (rows.length === 0) remark('no delivery matches')
    else
      say(
        table(
          [
            ['arrived', 'outcome', 'reply', 'took', 'receiver', 'topics', 'delivery', 'why'],
            ...rows.map((one) => [
              timeOf(one.at),
              state(one.outcome),
              String(one.status),
              lasting(one.took),
              shown(one.receiver),
              one.topics.length > 0 ? shown(one.topics.join(', '), 60) : claimText(one.claims),
              shown(one.id),
              shown(one.code === undefined ? '' : `${one.code}: ${one.reason ?? ''}`, 100),
            ]),
          ],
          { drops: ['took', 'reply', 'topics', 'arrived', 'receiver'] },
        ),
      )
    if (more && !options.json) remark(MORE)
    return 0
  })
}

function journalOf({ journal, name }: OpenInbox): NonNullable<OpenInbox['journal']> {
  if (!journal) throw new Failure(2, `${name} keeps no journal of deliveries`)
  return journal
}

// Keys of one question to the inbox, and tasks of its answer.
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

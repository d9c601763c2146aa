import type { Command } from 'commander'
import { examples, runAction } from '../../action.ts'
import { type InboxCommandOptions, sinceOption } from '../../options/inbox-options.ts'
import { withInbox, type OpenInbox } from '../../inbox.ts'
import { Failure, type ExitCode, remark, say, sayJson } from '../../print/say.ts'
import { MORE, rowsOf } from '../../print/pages.ts'
import {
  eventOptions,
  inboxOptions,
  rowOptions,
  timeOptions,
} from '../../options/shared-options.ts'
import { claimText, lasting, state, timeOf } from '../../print/style.ts'
import { table } from '../../print/table.ts'
import { shown } from '../../print/terminal.ts'

/** Adds `postern inbox deliveries`. */
export function declare(inbox: Command): void {
  rowOptions(timeOptions(eventOptions(inboxOptions(inbox.command('deliveries')))))
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
    const { rows, more } = await rowsOf(options.limit, (page) =>
      journal.deliveries({ ...filter, ...page }),
    )
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

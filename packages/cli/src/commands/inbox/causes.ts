import type { CauseSubscription } from '@postern/core/inbox'
import type { Command } from 'commander'
import { examples, runAction } from '../../action.ts'
import type { InboxCommandOptions } from '../../options/inbox-options.ts'
import { withInbox } from '../../inbox.ts'
import { type ExitCode, remark, say, sayJson } from '../../print/say.ts'
import { inboxOptions } from '../../options/shared-options.ts'
import { timeOf } from '../../print/style.ts'
import { table } from '../../print/table.ts'
import { shown } from '../../print/terminal.ts'

export function declare(inbox: Command): void {
  inboxOptions(inbox.command('causes'))
    .description('group failed tasks by their error')
    .option('--receiver <name>', 'match this receiver')
    .option('--subscription <name>', 'match this subscription')
    .addHelpText('after', examples('inbox causes --sqlite webhooks.db --subscription mail'))
    .action(runAction(causesCommand))
}

/** `postern inbox causes`: dead and failing tasks by their error. */
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
        `of the ${ofNewest} newest failed tasks of each subscription: there are more, and postern inbox stats counts all`,
      )
    return 0
  })
}

function sumOf(lanes: readonly CauseSubscription[], key: 'dead' | 'retrying'): number {
  return lanes.reduce((sum, lane) => sum + lane[key], 0)
}

import type { Command } from 'commander'
import { examples, runAction } from '../../action.ts'
import type { InboxCommandOptions } from '../../options/inbox-options.ts'
import { withInbox } from '../../inbox.ts'
import { type ExitCode, say, sayJson } from '../../print/say.ts'
import { inboxOptions } from '../../options/shared-options.ts'
import { lasting } from '../../print/style.ts'
import { table } from '../../print/table.ts'
import { shown } from '../../print/terminal.ts'

export function declare(inbox: Command): void {
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

import type { Command } from 'commander'
import type { InboxView } from '@postern/core/inbox'
import { examples, runAction } from '../../action.ts'
import { askFirst, type InboxCommandOptions, sinceOption } from '../../options/inbox-options.ts'
import { withInbox } from '../../inbox.ts'
import { type ExitCode, say, sayJson } from '../../print/say.ts'
import { rowsOf } from '../../print/pages.ts'
import { inboxOptions } from '../../options/shared-options.ts'
import { counted } from '../../print/style.ts'
import { who } from '../../who.ts'

export function declare(inbox: Command): void {
  inboxOptions(inbox.command('prune <age>'))
    .description('delete done and dead tasks older than this')
    .option('--dry-run', 'count without changing anything')
    .option('-y, --yes', 'do not ask for confirmation')
    .addHelpText('after', examples('inbox prune 30d --sqlite webhooks.db --dry-run'))
    .action(runAction(pruneCommand))
}

async function pruneCommand(age: string, options: InboxCommandOptions): Promise<ExitCode> {
  const before = sinceOption('age', age)!
  return withInbox<ExitCode>(
    options,
    async ({ view }) => {
      const total = await prunable(view, before)
      const end = await askFirst(
        {
          total,
          says: `Forget ${counted(total, 'done or dead task')} received before ${new Date(before).toISOString()}. Their payloads are gone then.`,
          none: `no done or dead task was received before ${new Date(before).toISOString()}`,
          ifNone: 0,
        },
        options,
      )
      if (end !== undefined) return end
      const count = await view.prune(before, who())
      if (options.json) sayJson({ count })
      else say(`Forgotten: ${counted(count, 'task')}.`)
      return 0
    },
    true,
  )
}

async function prunable(view: InboxView, before: number): Promise<number> {
  let total = 0
  for (const state of ['done', 'dead'] as const) {
    const all = await rowsOf(String(Number.MAX_SAFE_INTEGER), (page) =>
      view.list({ state, before, ...page }),
    )
    total += all.rows.length
  }
  return total
}

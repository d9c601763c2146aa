import type { Command } from 'commander'
import type { OperatorAction } from '@postern/core/inbox'
import { examples, runAction } from '../../action.ts'
import { withInbox } from '../../inbox.ts'
import type { InboxCommandOptions } from '../../options/inbox-options.ts'
import { inboxOptions, rowOptions } from '../../options/shared-options.ts'
import { Failure, type ExitCode, remark, say, sayJson } from '../../print/say.ts'
import { MORE, rowsOf } from '../../print/pages.ts'
import { timeOf } from '../../print/style.ts'
import { table } from '../../print/table.ts'
import { shown } from '../../print/terminal.ts'

export function declare(inbox: Command): void {
  rowOptions(inboxOptions(inbox.command('actions')))
    .description('list who changed which tasks')
    .option('--task <id>', 'match actions that changed this task')
    .addHelpText('after', examples('inbox actions --sqlite webhooks.db'))
    .action(runAction(actionsCommand))
}

/** `postern inbox actions`: who did what, to which tasks, and how many. */
async function actionsCommand(
  options: InboxCommandOptions & { readonly task?: string },
): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async ({ journal, name }) => {
    if (!journal) throw new Failure(2, `${name} keeps no journal`)
    const { task } = options
    const { rows, more } = await rowsOf(options.limit, async (page) =>
      journal.actions({ ...page, ...(task !== undefined && { task }) }),
    )
    if (options.json) sayJson({ actions: rows, more }, 2)
    else if (rows.length === 0) remark('no task was changed by a person')
    else say(table([HEADS, ...rows.map(cells)], { drops: ['when', 'what'] }))
    if (more) remark(MORE)
    return 0
  })
}

const HEADS = ['when', 'who', 'what', 'count', 'which']

function cells({ at, by, what, count, filter }: OperatorAction): readonly string[] {
  return [timeOf(at), shown(by ?? '?', 30), what, String(count), shown(JSON.stringify(filter), 100)]
}

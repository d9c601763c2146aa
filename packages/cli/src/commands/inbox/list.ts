import type { TaskInfo } from '@postern/core/inbox'
import { taskFields, TASK_FIELDS } from '@postern/core/internal'
import type { Command } from 'commander'
import { examples, runAction } from '../../action.ts'
import { filterOf, type InboxCommandOptions } from '../../options/inbox-options.ts'
import { withInbox } from '../../inbox.ts'
import { type ExitCode, remark, say, sayJson } from '../../print/say.ts'
import { MORE, type NextPage, rowsOf, wroteRows } from '../../print/pages.ts'
import { fileOptions, inboxOptions, taskOptions } from '../../options/shared-options.ts'
import { taskState, timeOf } from '../../print/style.ts'
import { table } from '../../print/table.ts'
import { shown } from '../../print/terminal.ts'

export function declare(inbox: Command): void {
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
    if (options.json) sayJson({ tasks: rows, more }, 2)
    else if (rows.length === 0) remark('no task matches')
    else
      say(
        table(
          [
            ['received', 'state', 'receiver', 'subscription', 'topic', 'attempts', 'task', 'error'],
            ...rows.map((task) => [
              timeOf(task.receivedAt),
              taskState(task),
              shown(task.receiver),
              shown(task.subscription),
              shown(task.event.topic),
              String(task.attempts),
              shown(task.id),
              shown(task.error?.message ?? '', 80),
            ]),
          ],
          { drops: ['attempts', 'topic', 'received', 'subscription', 'receiver'] },
        ),
      )
    if (more && !options.json) remark(MORE)
    return 0
  })
}

import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import type { TaskInfo } from '@postern/core/inbox'
import { examples, runAction } from '../../action.ts'
import { filterOf, type InboxCommandOptions } from '../../options/inbox-options.ts'
import { withInbox } from '../../inbox.ts'
import { type ExitCode, remark, say, sayJson } from '../../print/say.ts'
import { rowsOf } from '../../print/pages.ts'
import { inboxOptions, rowOptions, taskOptions } from '../../options/shared-options.ts'
import { state, timeOf } from '../../print/style.ts'
import { shown } from '../../print/terminal.ts'
import { clipped, columnsOf } from '../../print/width.ts'

// Milliseconds between two checks. A check is cheap: it reads one number, `version`, which changes with every change of
// a task.
const LOOK = 500

export function declare(inbox: Command): void {
  rowOptions(taskOptions(inboxOptions(inbox.command('watch'))))
    .description('list tasks after every change; Ctrl-C ends')
    .addHelpText('after', examples('inbox watch --sqlite webhooks.db --subscription mail'))
    .action(runAction(watchCommand))
}

async function watchCommand(options: InboxCommandOptions): Promise<ExitCode> {
  const stop = new AbortController()
  const end = (): void => stop.abort()
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  return withInbox<ExitCode>(options, async ({ view, name }) => {
    const known = new Map<string, string>()
    const filter = filterOf(options)
    let version: number | undefined
    remark(`watching ${name} · Ctrl-C ends`)
    while (!stop.signal.aborted) {
      const now = await view.version()
      if (now !== version) {
        version = now
        const { rows } = await rowsOf(options.limit, (page) => view.list({ ...filter, ...page }))
        for (const task of rows.toReversed()) tell(task, known, options.json === true)
      }
      await wait(LOOK, undefined, { signal: stop.signal }).catch(() => undefined)
    }
    return 0
  })
}

function tell(task: TaskInfo, known: Map<string, string>, json: boolean): void {
  const now = `${task.state} ${task.attempts}`
  if (known.get(task.id) === now) return
  known.delete(task.id)
  known.set(task.id, now)
  // Limits the memory. A task that is removed here may be printed twice, which is harmless.
  if (known.size > 10_000) known.delete(known.keys().next().value!)
  if (json) return sayJson(task)
  const { event, receiver, subscription, error, id } = task
  const why = shown(error?.message ?? '', 80)
  const names = [receiver, subscription, event.topic, id].map((name) => shown(name))
  const line = [timeOf(Date.now()), state(task.state), ...names, why].join('  ')
  say(clipped(line.trimEnd(), columnsOf()))
}

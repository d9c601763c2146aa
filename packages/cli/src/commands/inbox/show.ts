import type { TaskInfo } from '@postern/core/inbox'
import type { Command } from 'commander'
import { examples, runAction } from '../../action.ts'
import type { InboxCommandOptions } from '../../options/inbox-options.ts'
import { withInbox } from '../../inbox.ts'
import { Failure, type ExitCode, plainMember, say, sayJson, sayWhole } from '../../print/say.ts'
import { inboxOptions } from '../../options/shared-options.ts'
import { counted, ended, lasting, shortId, taskState, timeOf } from '../../print/style.ts'
import { table } from '../../print/table.ts'
import { shown } from '../../print/terminal.ts'

const MOST_TEXT = 20_000

export function declare(inbox: Command): void {
  inboxOptions(inbox.command('show <task>'))
    .description('show a task: attempts, payload, headers')
    .addHelpText('after', examples('inbox show 42 --sqlite webhooks.db'))
    .action(runAction(showCommand))
}

async function showCommand(id: string, options: InboxCommandOptions): Promise<ExitCode> {
  return withInbox<ExitCode>(options, async ({ view, journal }) => {
    const task = await view.get(id)
    if (!task) throw new Failure(1, `no task has the id ${id}: \`postern inbox list\` shows ids`)
    const attempts = (await journal?.attempts(id)) ?? []
    if (options.json) {
      sayJson({ ...task, delivery: { ...task.delivery, encoding: 'base64' }, history: attempts }, 2)
      return 0
    }
    const { event, record, delivery } = task
    say(
      `${shown(event.topic)}  ${shortId(event.id ?? 'no id')}  ${taskState(task)}  ${shown(task.receiver)} › ${shown(task.subscription)}`,
    )
    say(`received ${new Date(task.receivedAt).toISOString()}, ${counted(task.attempts, 'attempt')}`)
    for (const line of foldLines(task)) say(line)
    if (record.erased) say('the contents were erased')
    for (const one of attempts)
      say(
        `  #${one.attempt}  ${timeOf(one.startedAt)}  ${ended(one.outcome)}  ${one.duration === undefined ? '' : lasting(one.duration)}  ${shown(one.error?.message ?? '', 160)}`.trimEnd(),
      )
    sayWhole(`\npayload\n${payloadOf(record.payload)}`)
    say(
      `\nheaders\n${table(
        delivery.headers.map(([name, value]) => [`  ${shown(name)}`, shown(value)]),
        { wraps: true },
      )}`,
    )
    return 0
  })
}

/** Describes what `debounce` did to a task: a newer event ran instead, or the task also runs for earlier events. */
function foldLines({ into, stale, folded = 0 }: TaskInfo): readonly string[] {
  const newest = 'a replay runs the newest event of its key'
  return [
    ...(into === undefined ? [] : [`folded into task ${into}: ${newest}`]),
    ...(stale ? [`stale, since a newer event of its key had come before: ${newest}`] : []),
    ...(folded > 0 ? [`stands for ${counted(folded, 'earlier event')} of its key`] : []),
  ]
}

/** Returns the payload as JSON, one member per line, without control characters that could move the cursor. */
function payloadOf(payload: unknown): string {
  const text = payload === undefined ? 'none' : JSON.stringify(payload, plainMember, 2)
  const lines = text.slice(0, MOST_TEXT).split('\n')
  const rest = text.length > MOST_TEXT ? [`… ${text.length} characters in all: see --json`] : []
  return [...lines.map((line) => shown(line, MOST_TEXT)), ...rest].join('\n')
}

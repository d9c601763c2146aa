import type { Command } from 'commander'
import { examples, run } from './action.ts'
import { placeOptions } from './inboxes.ts'
import type { InboxCommandOptions } from './inbox-options.ts'

/** The commands on an inbox. Each has the options that it obeys, and no other. */
export function inboxCommands(inbox: Command): void {
  const look = () => import('./commands/inbox-look.ts')
  const change = () => import('./commands/inbox-change.ts')
  inbox.addHelpText(
    'after',
    examples(
      'inbox list --sqlite webhooks.db --state dead --since 2h',
      'inbox causes --redis redis://localhost:6379',
      'inbox replay --postgres "$DATABASE_URL" --cause 3f2a… --dry-run',
    ),
  )
  rows(tasks(place(inbox.command('list'))))
    .description('list tasks, the newest first')
    .addHelpText('after', examples('inbox list --sqlite webhooks.db --state dead --since 2h'))
    .action(run(async (options: InboxCommandOptions) => (await look()).listCommand(options)))
  place(inbox.command('show <task>'))
    .description('show a task: attempts, payload, headers')
    .addHelpText('after', examples('inbox show 42 --sqlite webhooks.db'))
    .action(
      run(async (id: string, options: InboxCommandOptions) =>
        (await look()).showCommand(id, options),
      ),
    )
  rows(times(events(place(inbox.command('deliveries')))))
    .description('list what arrived and what was answered')
    .option('--outcome <outcome>', 'accepted, duplicate, handshake, unhandled or refused')
    .option('--code <code>', 'refused with this code, as in signature_mismatch')
    .addHelpText(
      'after',
      examples('inbox deliveries --sqlite webhooks.db --outcome refused --since 1h'),
    )
    .action(run(async (options: InboxCommandOptions) => (await look()).deliveriesCommand(options)))
  place(inbox.command('causes'))
    .description('group failed tasks by their error')
    .option('--receiver <name>', 'of this receiver')
    .option('--subscription <name>', 'of this subscription')
    .addHelpText('after', examples('inbox causes --sqlite webhooks.db --subscription mail'))
    .action(run(async (options: InboxCommandOptions) => (await look()).causesCommand(options)))
  place(inbox.command('stats'))
    .description('count tasks by subscription and state')
    .addHelpText('after', examples('inbox stats --sqlite webhooks.db --json'))
    .action(run(async (options: InboxCommandOptions) => (await look()).statsCommand(options)))
  rows(tasks(place(inbox.command('watch'))))
    .description('list tasks again whenever one has changed; Ctrl-C ends')
    .addHelpText('after', examples('inbox watch --sqlite webhooks.db --subscription mail'))
    .action(
      run(async (options: InboxCommandOptions) =>
        (await import('./commands/inbox-watch.ts')).watchCommand(options),
      ),
    )
  for (const verb of ['replay', 'discard', 'erase'] as const) {
    const command = tasks(place(inbox.command(verb)))
      .description(CHANGES[verb].does)
      .option('--dry-run', 'count, and change nothing')
      .option('-y, --yes', 'do not ask')
      .addHelpText('after', examples(`inbox ${verb} --sqlite webhooks.db ${CHANGES[verb].example}`))
      .action(
        run(async (options: InboxCommandOptions) => (await change()).changeCommand(verb, options)),
      )
    if (verb === 'replay') command.option('--rate <number>', 'tasks a second')
  }
  place(inbox.command('prune <age>'))
    .description('forget done and dead tasks of the whole inbox that are older')
    .option('--dry-run', 'count, and change nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('inbox prune 30d --sqlite webhooks.db --dry-run'))
    .action(
      run(async (age: string, options: InboxCommandOptions) =>
        (await change()).pruneCommand(age, options),
      ),
    )
}

const CHANGES = {
  replay: { does: 'make dead tasks pending again', example: '--cause 3f2a… --dry-run' },
  discard: { does: 'drop pending or dead tasks', example: '--cause 3f2a… --dry-run' },
  erase: {
    does: 'erase payload, headers and body of events whose tasks have ended',
    example: '--event-id evt_123',
  },
} as const

/** Options that choose the inbox. */
function place(command: Command): Command {
  return placeOptions(command).option('--json', 'print JSON')
}

/** Options that choose events. */
function events(command: Command): Command {
  return command
    .option('--receiver <name>', 'of this receiver')
    .option('--provider <name>', 'of this sender')
    .option('--topic <pattern>', 'whose topic matches, as in orders/*')
    .option('--event-id <id>', "with the sender's id")
    .option('--text <text>', 'with this text in id, topic or payload')
}

/** Options that choose tasks. */
function tasks(command: Command): Command {
  return times(events(command))
    .option('--subscription <name>', 'of this subscription')
    .option('--part <part>', 'of this part of it, as the destination of `forward`')
    .option('--state <state>', 'pending, running, done or dead')
    .option('--id <task>', 'one task')
    .option('--cause <cause>', 'that failed with this error, as in `postern inbox causes`')
}

function times(command: Command): Command {
  return command
    .option('--since <age>', 'received after: 30m, 2h, 7d or an ISO date')
    .option('--until <age>', 'received before')
}

function rows(command: Command): Command {
  return command.option('--limit <number>', 'rows', '50')
}

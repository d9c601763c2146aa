import type { Command } from 'commander'
import { examples, run } from './action.ts'

const many = (value: string, all: readonly string[] = []): readonly string[] => [...all, value]

/** The commands on a sender's API. */
export function senderCommands(program: Command): void {
  place(program.command('register [sender]'))
    .description("make the sender match the code: this receiver's URL, for its topics")
    .option('--from <file>', 'the module that exports the receiver: its topics are registered')
    .option('--topic <pattern>', 'a topic, without --from; can be repeated', many)
    .option('--formerly <url>', 'a URL that the receiver had before; can be repeated', many)
    .option('--all', 'allow one subscription for each of many topics')
    .option('--status', 'tell whether the sender still delivers, and its last failures')
    .option('--enable', 'turn endpoints with this URL on again')
    .option('--rotate', 'change the secret; needs --write-env')
    .option('--remove', 'delete endpoints with this URL')
    .option('--write-env', 'write secrets to .env, or to the file of --env')
    .option(
      '--variable <name>',
      'the variable of the secret (default: as `postern providers` has it)',
    )
    .option('--dry-run', 'print the plan as JSON, and change nothing')
    .addHelpText(
      'after',
      examples(
        'register --from ./receiver.ts --url https://app.example/github -o repository=octo/hello',
        'register stripe --topic invoice.paid --url https://app.example/stripe --write-env',
        'register --from ./receiver.ts --url https://app.example/github --status',
      ),
    )
    .action(
      run(async (name: string | undefined, options: never) =>
        (await import('./commands/register.ts')).registerCommand(name, options),
      ),
    )

  place(program.command('catch-up [sender]'))
    .description('take what the sender lists and the receiver missed')
    .requiredOption('--from <file>', 'the module that exports the receiver')
    .requiredOption('--since <age>', 'from then on: 30m, 2h, 3d or an ISO date')
    .option('--until <age>', 'until then (default: now)')
    .option('--limit <number>', 'events that are listed at most, the newest ones', '10000')
    .option('--scope <tenant>', 'the tenant that the webhooks have; none if they have none')
    .option('--redeliver', 'ask the sender to deliver again, where it has payloads too')
    .option('--all', 'take what the sender says it delivered, too')
    .option('--any-version', "take payloads in another version than the endpoint's")
    .option('--beyond-window', 'take events that the inbox may have forgotten')
    .option('--dry-run', 'list and count, and take nothing')
    .addHelpText(
      'after',
      examples(
        'catch-up --from ./receiver.ts --since 2h --url https://app.example/github -o repository=octo/hello',
        'catch-up --from ./receiver.ts --receiver stripe --since 3d --url https://app.example/stripe --dry-run',
      ),
    )
    .action(
      run(async (name: string | undefined, options: never) =>
        (await import('./commands/catch-up.ts')).catchUpCommand(name, options),
      ),
    )
}

/** Options that choose the receiver and its account at the sender. */
function place(command: Command): Command {
  return command
    .option('--url <url>', 'the public https URL where the receiver is mounted')
    .option('--receiver <name>', 'one receiver of the module')
    .option(
      '-o, --option <name=value>',
      'an option of the account, as in -o repository=octo/hello; can be repeated (default: from the environment, GITHUB_REPOSITORY)',
      many,
    )
    .option('--env <file>', 'a .env file that counts before the environment')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print JSON')
}

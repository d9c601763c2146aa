import type { Command } from 'commander'
import { placeOptions } from '../inboxes.ts'

/** Collects the values of an option that can be repeated. */
export const many = (value: string, all: readonly string[] = []): readonly string[] => [
  ...all,
  value,
]

/** Options that make a provider. */
export function senderOptions(command: Command): Command {
  return command
    .option(
      '-s, --secret <secret>',
      'its secret; can be repeated (default: from the environment, then .env)',
      many,
    )
    .option('--env <file>', 'a .env file that counts before the environment')
    .option('-o, --option <name=value>', 'a further option of the provider; can be repeated', many)
}

/** Options that choose the receiver and its account at the sender. */
export function accountOptions(command: Command): Command {
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

/** Options that choose the inbox. */
export function inboxOptions(command: Command): Command {
  return placeOptions(command).option('--json', 'print JSON')
}

/** Options that choose events. */
export function eventOptions(command: Command): Command {
  return command
    .option('--receiver <name>', 'of this receiver')
    .option('--provider <name>', 'of this sender')
    .option('--topic <pattern>', 'whose topic matches, as in orders/*')
    .option('--event-id <id>', "with the sender's id")
    .option('--text <text>', 'with this text in id, topic or payload')
}

/** Options that choose tasks. */
export function taskOptions(command: Command): Command {
  return timeOptions(eventOptions(command))
    .option('--subscription <name>', 'of this subscription')
    .option('--part <part>', 'of this part of it, as the destination of `forward`')
    .option('--state <state>', 'pending, running, done or dead')
    .option('--id <task>', 'one task')
    .option('--cause <cause>', 'that failed with this error, as in `postern inbox causes`')
}

/** Options that choose a span of time. */
export function timeOptions(command: Command): Command {
  return command
    .option('--since <age>', 'received after: 30m, 2h, 7d or an ISO date')
    .option('--until <age>', 'received before')
}

/** The option of how many rows. */
export function rowOptions(command: Command): Command {
  return command.option('--limit <number>', 'rows', '50')
}

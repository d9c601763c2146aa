import type { Command } from 'commander'
import { placeOptions } from '../inboxes.ts'

export const many = (value: string, all: readonly string[] = []): readonly string[] => [
  ...all,
  value,
]

export function senderOptions(command: Command): Command {
  return command
    .option(
      '-s, --secret <secret>',
      'set its secret; repeatable (default: from environment, then .env)',
      many,
    )
    .option('--env <file>', 'read this .env file before the environment')
    .option('-o, --option <name=value>', 'set another option of the provider; repeatable', many)
}

export function keyOptions(command: Command): Command {
  return command.option(
    '--encryption-key <key>',
    'set the key of an encrypted inbox; repeatable (default: POSTERN_ENCRYPTION_KEY, then .env)',
    many,
  )
}

export function accountOptions(command: Command): Command {
  return command
    .option('--url <url>', 'set the public https URL of the receiver')
    .option('--receiver <name>', 'choose one receiver of the module')
    .option(
      '-o, --option <name=value>',
      'set an account option, such as repository=octo/hello; repeatable (default: from environment, GITHUB_REPOSITORY)',
      many,
    )
    .option('--env <file>', 'read this .env file before the environment')
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--json', 'print JSON')
}

export function inboxOptions(command: Command): Command {
  return placeOptions(command).option('--json', 'print JSON')
}

export function eventOptions(command: Command): Command {
  return command
    .option('--receiver <name>', 'match this receiver')
    .option('--provider <provider>', 'match this provider')
    .option('--topic <pattern>', 'match this topic pattern, such as orders/*')
    .option('--event-id <id>', 'match this event id')
    .option('--text <text>', 'match this text in id, topic or payload')
}

export function taskOptions(command: Command): Command {
  return timeOptions(eventOptions(command))
    .option('--subscription <name>', 'match this subscription')
    .option('--child <name>', 'match this child task, such as a destination')
    .option('--state <state>', 'match this state: pending, running, done, dead')
    .option('--id <task>', 'match this task')
    .option('--cause <cause>', 'match this cause, from postern inbox causes')
}

export function timeOptions(command: Command): Command {
  return command
    .option('--since <age>', 'received after: 30m, 2h, 7d or ISO date')
    .option('--until <age>', 'received before: 30m, 2h, 7d or ISO date')
}

export function rowOptions(command: Command): Command {
  return command.option('--limit <number>', 'maximum number of rows', '50')
}

export function fileOptions(command: Command): Command {
  return rowOptions(command).option('--output <format>', 'print rows as lines: ndjson, csv')
}

import { Option, type Command } from 'commander'
import { examples, runAction } from '../action.ts'
import { listenFor, type ListenOptions } from '../listen/run.ts'
import { tunnelNames } from '../listen/tunnel.ts'
import { many, senderOptions } from '../options/shared-options.ts'
import type { ExitCode } from '../print/say.ts'

export function declare(command: Command): void {
  listenOptions(command)
    .option('--store <file>', 'store deliveries in a SQLite inbox')
    .addHelpText(
      'after',
      examples(
        'listen github',
        'listen stripe --tunnel cloudflared --topic invoice.paid',
        'listen github --tunnel ngrok -o repository=octo/hello --to http://localhost:3000/github',
      ),
    )
    .action(runAction(listenCommand))
}

export function listenOptions(command: Command): Command {
  return senderOptions(command)
    .option('--port <number>', 'set the local port; 0 picks any (default: 3000, or any)')
    .option('--to <url>', 'let the app at this URL answer')
    .addOption(new Option('--forward-to <url>', 'the same as --to').hideHelp())
    .option(
      '--tunnel <program>',
      `let the provider reach it: ${tunnelNames.join(', ')}, or a command`,
    )
    .option('--public <url>', 'let the provider reach this URL; needs --port')
    .option('--topic <pattern>', 'register this topic; repeatable (default: all)', many)
    .addOption(new Option('--events <pattern>', 'the same as --topic').hideHelp().argParser(many))
    .option('--from <file>', 'import receivers and topics from this module')
    .option('--receiver <name>', 'choose one receiver of the module')
    .option('--manual', 'print the steps instead of calling the API')
    .option('--host-header <how>', 'set the Host header: as-is, rewrite', 'as-is')
    .option('--live', 'allow a live key and real events')
    .option('--take-over', "replace an account's only URL while running")
    .option('--write-env', 'write a new secret to .env or --env')
    .option('--clean', 'remove endpoints left by killed sessions')
    .option('--output <how>', 'choose: interactive, compact, json (default: by the terminal)')
    .option('-y, --yes', 'do not ask for confirmation')
}

/** Aliases: names that other tools use for the same options. */
interface Aliases {
  readonly forwardTo?: string
  readonly events?: readonly string[]
}

export function withoutAliases({
  forwardTo,
  events,
  ...options
}: ListenOptions & Aliases): ListenOptions {
  return {
    ...options,
    ...(forwardTo !== undefined && { to: forwardTo }),
    ...(events !== undefined && { topic: events }),
  }
}

export async function listenCommand(
  name: string | undefined,
  options: ListenOptions & Aliases,
): Promise<ExitCode> {
  return listenFor(name, [], withoutAliases(options))
}

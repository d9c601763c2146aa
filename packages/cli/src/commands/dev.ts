import type { Command } from 'commander'
import { examples, runAction } from '../action.ts'
import type { ListenOptions } from '../listen/run.ts'
import { listenFor } from '../listen/run.ts'
import { installedTunnel } from '../listen/tunnel.ts'
import { Failure, type ExitCode } from '../print/say.ts'
import { listenOptions, withoutAliases } from './listen.ts'

export function declare(command: Command): void {
  listenOptions(command)
    .addHelpText(
      'after',
      examples(
        'dev stripe --to http://localhost:3000/webhooks/stripe -- npm run dev',
        'dev --from ./receiver.ts --to http://localhost:3000/webhooks/{receiver} -- npm run dev',
      ),
    )
    .action(runAction(devCommand))
}

/**
 * `postern dev`: starts the app with the provider's secrets. The provider can reach the app until this command ends.
 */
async function devCommand(
  first: string | undefined,
  rest: readonly string[],
  options: ListenOptions,
  command: Command,
): Promise<ExitCode> {
  // Commander parses the first word after `--` as the provider.
  const at = process.argv.indexOf('--')
  const words = at < 0 ? [] : process.argv.slice(at + 1)
  const all = command.args.slice(0, command.args.length - words.length)
  if (words.length === 0)
    throw new Failure(2, 'give the command that starts the app after --, such as -- npm run dev')
  if (all.length > 1) throw new Failure(2, `give one provider, got ${[first, ...rest].join(', ')}`)
  const { tunnel = options.public === undefined ? installedTunnel() : undefined } = options
  const isClean = options.clean === true
  return listenFor(
    all[0],
    words,
    withoutAliases({ ...options, ...(!isClean && tunnel !== undefined && { tunnel }) }),
  )
}

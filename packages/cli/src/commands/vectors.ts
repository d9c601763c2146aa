import type { Command } from 'commander'
import { examples, runAction } from '../action.ts'
import { vectorsOf } from '../audit/vectors.ts'
import { countOption, requireWebUrl } from '../options/checked-options.ts'
import { senderOptions } from '../options/shared-options.ts'
import { sinceOption } from '../options/inbox-options.ts'
import { Failure, type ExitCode, sayJson } from '../print/say.ts'
import { providerOf, type SenderOptions } from '../sender/sender.ts'

interface VectorsOptions extends SenderOptions {
  readonly provider: string
  readonly url: string
  readonly seed: string
  readonly now?: string
}

export function declare(command: Command): void {
  senderOptions(command)
    .requiredOption('-p, --provider <provider>', 'choose the provider')
    .option('--url <url>', 'set the URL that senders sign', 'http://127.0.0.1:3000/webhooks')
    .option('--seed <number>', 'set the random seed', '1')
    .option('--now <date>', 'set the sending time: ISO date (default: now)')
    .addHelpText('after', examples('vectors --provider stripe --env .env > cases.json'))
    .action(runAction(vectorsCommand))
}

async function vectorsCommand(options: VectorsOptions): Promise<ExitCode> {
  requireWebUrl('--url', options.url)
  const now = sinceOption('--now', options.now) ?? Date.now()
  const { about, provider } = await providerOf(options.provider, options)
  if (!provider.sign)
    throw new Failure(2, `${about.title} has no vectors: only the sender has the key that signs`)
  const seed = countOption('--seed', options.seed)
  sayJson(await vectorsOf(provider, { url: options.url, seed, now }), 1)
  return 0
}

import type { Command } from 'commander'
import { examples, runAction } from '../../action.ts'
import { migrateInbox } from '../../inbox.ts'
import type { InboxOptions } from '../../inboxes.ts'
import { type ExitCode, say, sayJson } from '../../print/say.ts'
import { inboxOptions } from '../../options/shared-options.ts'

export function declare(inbox: Command): void {
  inboxOptions(inbox.command('migrate'))
    .description('update the storage layout of an inbox')
    .option('--force', 'migrate although processes of older versions are active')
    .addHelpText('after', examples('inbox migrate --sqlite webhooks.db'))
    .action(runAction(migrateCommand))
}

async function migrateCommand(
  options: InboxOptions & { readonly force?: boolean; readonly json?: boolean },
): Promise<ExitCode> {
  const { from, to } = await migrateInbox(options, options.force ?? false)
  if (options.json) sayJson({ from, to })
  else if (from.version === to.version) say(`It has version ${to.version} already.`)
  else say(`Migrated from version ${from.version} to ${to.version}.`)
  return 0
}

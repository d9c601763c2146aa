import type { Command } from 'commander'
import { randomUUID } from 'node:crypto'
import { examples, runAction } from '../../action.ts'
import { withInbox } from '../../inbox.ts'
import type { InboxOptions } from '../../inboxes.ts'
import { requireThisMachine } from '../../options/checked-options.ts'
import { openTask, type KeyOptions } from '../../options/encryption-key.ts'
import { inboxOptions, keyOptions, senderOptions } from '../../options/shared-options.ts'
import { Failure, type ExitCode, say, sayJson } from '../../print/say.ts'
import { signedAgain, withEventId } from '../../send/again.ts'
import { post, sentLine, tellWho } from '../../send/post.ts'
import { providerOf, type SenderOptions } from '../../sender/sender.ts'

interface SendStoredOptions extends InboxOptions, SenderOptions, KeyOptions {
  readonly to: string
  /** New event id; true creates a random one. */
  readonly eventId?: string | true
  readonly json?: boolean
}

export function declare(inbox: Command): void {
  keyOptions(senderOptions(inboxOptions(inbox.command('send <task>'))))
    .description('send a stored delivery to this machine')
    .requiredOption('--to <url>', 'send to this URL of this machine')
    .option('--event-id [id]', 'set another event id, or generate one')
    .addHelpText(
      'after',
      examples(
        'inbox send 42 --postgres "$DATABASE_URL" --to http://localhost:3000/webhooks/stripe',
        'inbox send 42 --sqlite webhooks.db --to http://localhost:3000/webhooks/github --event-id',
      ),
    )
    .action(runAction(sendStored))
}

/**
 * `postern inbox send <task>`: sends one stored delivery, signed with the local secret. The inbox is not changed. Exit
 * code 1 if the delivery was rejected.
 */
async function sendStored(id: string, options: SendStoredOptions): Promise<ExitCode> {
  // Sends only to this machine, because a stored delivery may contain customer data.
  requireThisMachine('--to', options.to)
  const found = await withInbox(options, async ({ view }) => view.get(id))
  if (!found) throw new Failure(1, `no task has the id ${id}: \`postern inbox list\` shows ids`)
  if (found.record.erased) throw new Failure(1, `task ${id}: the contents were erased`)
  const task = await openTask(found, options)
  const { provider, about } = await providerOf(task.record.provider, options)
  if (!provider.sign)
    throw new Failure(2, `${about.title} cannot be sent: only the sender has the key that signs`)
  const { eventId } = options
  const newId = eventId === true ? randomUUID() : eventId
  const delivery =
    newId === undefined ? task.delivery : withEventId(task.delivery, task.event.id, newId)
  const url = new URL(options.to)
  // If `--to` has no query string, the delivery's query string is used.
  if (url.search === '') url.search = new URL(delivery.url, url).search
  const sent = await post(await signedAgain(delivery, provider, url.href), 30_000)
  if (options.json) sayJson(sent)
  else {
    say(sentLine(sent, about.name, task.event.topic))
    tellWho([sent])
  }
  return sent.status < 300 ? 0 : 1
}

import { createReceiver } from '@postern/core'
import { createSender } from '@postern/forward'
import { mysqlInbox } from '@postern/mysql'
import { github } from '@postern/providers/github'

type Events = {
  'issues.opened': { issue: { node_id: string; title: string } }
}

const inbox = mysqlInbox({ connectionString: process.env['DATABASE_URL']! })

/** What comes in. */
export const receiver = createReceiver({
  provider: github<Events>({ secret: process.env['GITHUB_WEBHOOK_SECRET']! }),
  inbox,
})

/** What goes out. */
export const source = createSender({ name: 'tracker', inbox, key: process.env['WEBHOOK_KEY']! })

export async function close(): Promise<void> {
  await receiver.close()
  await source.close()
  await inbox.close()
}

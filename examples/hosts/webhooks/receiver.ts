import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'
import { subscribe } from './handlers.ts'

/** Stores events until their handlers have run. Several receivers can share one inbox. */
export const inbox = sqliteInbox({ path: 'webhooks.db' })

export const receiver = createReceiver({
  provider: github({ secret: process.env.GITHUB_WEBHOOK_SECRET! }),
  inbox,
})
subscribe(receiver)

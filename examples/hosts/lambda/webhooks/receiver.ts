import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'
import { subscribe } from '../../webhooks/handlers.ts'

/** Keeps each event until its handlers are done. Receivers share it. */
export const inbox = sqliteInbox({ path: 'webhooks.db' })

export const receiver = createReceiver({
  provider: github({ secret: process.env.GITHUB_WEBHOOK_SECRET! }),
  inbox,
  worker: 'onDemand', // nothing runs after the reply: cron runs the handlers
})
subscribe(receiver)

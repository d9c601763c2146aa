import { createReceiver } from '@postern/core'
import { hotReloadable, singleton } from '@postern/next'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'
import { subscribe } from '../../webhooks/handlers.ts'

/** All bundles share one inbox and one receiver, also after a hot reload. `next build` opens neither. */
export const inbox = singleton('inbox', () => sqliteInbox({ path: 'webhooks.db' }))

export const receiver = hotReloadable('github', () => {
  const receiver = createReceiver({
    provider: github({ secret: process.env.GITHUB_WEBHOOK_SECRET! }),
    inbox,
  })
  subscribe(receiver)
  return receiver
})

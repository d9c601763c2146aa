import { createReceiver } from '@postern/core'
import { postgresInbox } from '@postern/postgres'
import { github } from '@postern/providers/github'

/** Both processes make it from here, so that both know the same handlers. Neither runs them by itself. */
export const inbox = postgresInbox({ connectionString: process.env['DATABASE_URL']! })

export const receiver = createReceiver({
  provider: github({ secret: process.env['GITHUB_WEBHOOK_SECRET']! }),
  inbox,
  worker: false,
})
receiver.on('push', { name: 'deploy', retry: { attempts: 5 } }, (event) => {
  console.log(`deploy ${event.id}`)
})

import { createReceiver } from '@postern/core'
import { postgresInbox } from '@postern/postgres'
import { github } from '@postern/providers/github'

/**
 * The web process and the worker both import this file, so both have the same handlers. `worker: false` starts no
 * worker here.
 */
export const inbox = postgresInbox({ connectionString: process.env['DATABASE_URL']! })

export const receiver = createReceiver({
  provider: github({ secret: process.env['GITHUB_WEBHOOK_SECRET']! }),
  inbox,
  worker: false,
})
receiver.on('push', { name: 'deploy', retry: { attempts: 5 } }, (event) => {
  console.log(`deploy ${event.id}`)
})

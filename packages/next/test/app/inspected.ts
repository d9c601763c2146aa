import { createReceiver } from '@postern/core'
import { singleton, hotReloadable } from '@postern/next'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'

export const inbox = singleton('inbox', () => sqliteInbox({ path: process.env['APP_FILE']! }))

export const receiver = hotReloadable('github', () =>
  createReceiver({
    provider: github({ secret: process.env['GITHUB_WEBHOOK_SECRET']! }),
    inbox,
    log: false,
  }).on('**', { name: 'deploy', retry: { attempts: 1 } }, () => {
    throw new Error('no build today')
  }),
)

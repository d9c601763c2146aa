import { after } from 'next/server'
import { createReceiver, memoryInbox } from '@postern/core'
import { singleton, hotReloadable, webhook } from '@postern/next'
import { acme } from '@postern/testing'
import { log } from '../../log'

const inbox = singleton('inbox', () => memoryInbox())

const receiver = hotReloadable('reloaded', () =>
  createReceiver({
    provider: acme({ secret: process.env['ACME_SECRET']! }),
    name: 'reloaded',
    inbox,
    log: false,
  }).onAny({ name: 'note' }, (event) => void log.push(`version one ran ${event.id}`)),
)

export const { POST } = webhook(receiver, { after })

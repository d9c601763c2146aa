import { after } from 'next/server'
import { createReceiver } from '@postern/core'
import { hotReloadable, webhook } from '@postern/next'
import { acme } from '@postern/testing'
import { log } from '../../log'

const receiver = hotReloadable('proxied', () =>
  createReceiver({
    provider: acme({ secret: process.env['ACME_SECRET']! }),
    name: 'proxied',
    limits: { body: 64 * 1024 * 1024 },
    log: false,
    observers: [{ rejected: (_, { code, message }) => void log.push(`${code}: ${message}`) }],
  }).onAny(() => void log.push('proxied')),
)

export const { GET, POST, HEAD, OPTIONS } = webhook(receiver, { after })

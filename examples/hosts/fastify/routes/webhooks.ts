import { webhook } from '@postern/fastify'
import type { FastifyInstance } from 'fastify'
import { inbox, receiver } from '../../webhooks/receiver.ts'

/** Adds the webhook route. The receiver closes when the app closes. */
export default async function webhooks(app: FastifyInstance) {
  app.register(webhook(receiver, { path: '/webhooks/github' }))
  app.addHook('onClose', async () => {
    await receiver.close()
    await inbox.close()
  })
}

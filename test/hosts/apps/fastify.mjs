import { closeOnSignal, webhook } from '@postern/fastify'
import Fastify from 'fastify'
import { all, port, receivers } from './receivers.mjs'

const app = Fastify()
for (const [name, one] of Object.entries(receivers))
  app.register(webhook(one, { path: `/webhooks/${name}` }))
await app.listen({ port })
closeOnSignal({ server: app, receivers: all })

import { closeOnSignal, webhook } from '@postern/fastify'
import Fastify from 'fastify'
import { inbox, receiver } from '../webhooks/receiver.ts'

const server = Fastify()
server.register(webhook(receiver, { path: '/webhooks/github' }))
await server.listen({ port: Number(process.env.PORT ?? 3000) })
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })

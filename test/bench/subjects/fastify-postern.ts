import { webhook } from '@postern/fastify'
import Fastify from 'fastify'
import { posternReceiver } from './postern.ts'
import type { Subject } from './subject.ts'

/** Postern on Fastify 5, inbox in memory. */
export const subject: Subject = {
  sender: 'github',
  framework: 'fastify',
  async start() {
    const app = Fastify()
    await app.register(webhook(posternReceiver(), { path: '/hook' }))
    return Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  },
}

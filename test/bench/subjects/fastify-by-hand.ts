import Fastify from 'fastify'
import { takeRequest } from './by-hand.ts'
import type { Subject } from './subject.ts'

/** Fastify 5 with a parser that gives the bytes, hand-written. */
export const subject: Subject = {
  sender: 'github',
  framework: 'fastify',
  async start() {
    const app = Fastify({ bodyLimit: 26_214_400 })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    app.post('/hook', async (request, reply) =>
      reply.code(takeRequest(request.raw, request.body as Buffer)).send(),
    )
    return Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  },
}

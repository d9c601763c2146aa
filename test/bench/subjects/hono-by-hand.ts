import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { take } from './by-hand.ts'
import { listen, type Subject } from './subject.ts'

/** Hono on its Node server, hand-written. */
export const subject: Subject = {
  sender: 'github',
  framework: 'hono',
  start() {
    const app = new Hono()
    app.post('/hook', async (context) => {
      const body = Buffer.from(await context.req.arrayBuffer())
      const { req } = context
      const status = take(body, req.header('x-hub-signature-256'), req.header('x-github-event'))
      return context.body(null, status as 200)
    })
    return listen(getRequestListener(app.fetch))
  },
}

import { getRequestListener } from '@hono/node-server'
import { webhook } from '@postern/hono'
import { Hono } from 'hono'
import { posternReceiver } from './postern.ts'
import { listen, type Subject } from './subject.ts'

/** Postern on Hono and its Node server, inbox in memory. */
export const subject: Subject = {
  sender: 'github',
  framework: 'hono',
  start() {
    const app = new Hono()
    app.all('/hook', webhook(posternReceiver()))
    return listen(getRequestListener(app.fetch))
  },
}

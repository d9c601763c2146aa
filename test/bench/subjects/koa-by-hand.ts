import Koa from 'koa'
import { collect, takeRequest } from './by-hand.ts'
import { listen, type Subject } from './subject.ts'

/** Koa, hand-written. */
export const subject: Subject = {
  sender: 'github',
  framework: 'koa',
  start() {
    const app = new Koa()
    app.use(async (context) => {
      context.status = takeRequest(context.req, await collect(context.req))
      context.body = ''
    })
    return listen(app.callback())
  },
}

import express from 'express'
import { takeRequest } from './by-hand.ts'
import { listen, type Subject } from './subject.ts'

/** Express 5 with express.raw, hand-written. */
export const subject: Subject = {
  sender: 'github',
  framework: 'express',
  start() {
    const app = express()
    app.post('/hook', express.raw({ type: '*/*', limit: '25mb' }), (request, response) => {
      response.status(takeRequest(request, request.body as Buffer)).end()
    })
    return listen(app)
  },
}

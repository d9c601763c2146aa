import { createWebhookMiddleware } from '@hookflo/tern/express'
import express from 'express'
import { handled } from '../counter.ts'
import { SECRET } from '../deliveries.ts'
import { listen, type Subject } from './subject.ts'

/** @hookflo/tern's middleware on Express 5. */
export const subject: Subject = {
  sender: 'github',
  framework: 'express',
  start() {
    const app = express()
    app.post(
      '/hook',
      createWebhookMiddleware({ platform: 'github', secret: SECRET }) as unknown as express.Handler,
      (_request, response) => {
        handled()
        response.json({ ok: true })
      },
    )
    return listen(app)
  },
}

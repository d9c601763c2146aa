import express from 'express'
import { Webhook } from 'standardwebhooks'
import { handled } from '../counter.ts'
import { SECRET } from '../deliveries.ts'
import { listen, type Subject } from './subject.ts'

/** standardwebhooks on Express 5. */
export const subject: Subject = {
  sender: 'standard-webhooks',
  framework: 'express',
  start() {
    const webhook = new Webhook(SECRET)
    const app = express()
    app.post(
      '/hook',
      express.raw({ type: 'application/json', limit: '25mb' }),
      (request, response) => {
        const headers = request.headers as Record<string, string>
        const event = webhook.verify(request.body as Buffer, headers) as { type: string }
        if (event.type === 'user.created') handled()
        response.json({})
      },
    )
    return listen(app)
  },
}

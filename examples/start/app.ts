import type { Receiver } from '@postern/core'
import { webhook } from '@postern/express'
import express, { type Express } from 'express'

/** The app with every receiver mounted under /webhooks. */
export function createApp(receivers: Readonly<Record<string, Receiver>>): Express {
  const app = express()
  for (const [path, receiver] of Object.entries(receivers))
    app.use(`/webhooks/${path}`, webhook(receiver))
  app.get('/', (_, response) => {
    response.type('text/plain').send(
      `POST to ${Object.keys(receivers)
        .map((path) => `/webhooks/${path}`)
        .join(', ')}\n`,
    )
  })
  return app
}

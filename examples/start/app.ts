import { logger, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { webhook } from '@postern/express'
import { inspector } from '@postern/inspector/express'
import express, { type Express } from 'express'

/** Creates the app. It mounts every receiver under /webhooks and the inspector under /postern. */
export function createApp(
  receivers: Readonly<Record<string, Receiver>>,
  inbox: Inbox,
  origin: string,
  told: (address: string) => void,
): Express {
  const app = express()
  for (const [path, receiver] of Object.entries(receivers))
    app.use(`/webhooks/${path}`, webhook(receiver))
  // The inspector logs its address with an access key. In production, set `auth` instead of `dev`.
  app.use(
    '/postern',
    inspector({
      name: 'shop',
      inbox,
      receivers: Object.values(receivers),
      dev: `${origin}/postern`,
      log: {
        ...logger(),
        warning: (_, message) => told(/http\S+#key=[\w-]+/.exec(message)?.[0] ?? message),
      },
    }),
  )
  app.get('/', (_, response) => {
    response.type('text/plain').send(
      `POST to ${Object.keys(receivers)
        .map((path) => `/webhooks/${path}`)
        .join(', ')}\n`,
    )
  })
  return app
}

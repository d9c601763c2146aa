import { H3, serve } from 'h3'
import { port, receiverAt } from './receivers.mjs'

const app = new H3().all('/webhooks/:name', (event) =>
  receiverAt(event.url.pathname).fetch(event.req),
)
serve(app, { port, silent: true })

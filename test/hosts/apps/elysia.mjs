import { Elysia } from 'elysia'
import { port, receiverAt } from './receivers.mjs'

new Elysia()
  .all('/webhooks/:name', ({ request, params }) => receiverAt(params.name).fetch(request), {
    parse: 'none',
  })
  .listen(port)

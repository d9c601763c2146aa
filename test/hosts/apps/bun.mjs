import { port, receiverAt } from './receivers.mjs'

Bun.serve({ port, fetch: (request) => receiverAt(new URL(request.url).pathname).fetch(request) })

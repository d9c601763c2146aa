import { port, receiverAt } from './receivers.mjs'

Deno.serve({ port }, (request) => receiverAt(new URL(request.url).pathname).fetch(request))

// A function of Supabase is Deno.serve behind the name of the function; its gateway is turned off by `verify_jwt = false`.
import { port, receiverAt } from './receivers.mjs'

Deno.serve({ port }, (request) => receiverAt(new URL(request.url).pathname).fetch(request))

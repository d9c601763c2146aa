import { handle } from '../handler.ts'

interface Context {
  waitUntil(work: Promise<unknown>): void
}

// Workers end what a request started with its response, unless it is handed to waitUntil.
export default {
  fetch: (request: Request, _env: unknown, context: Context): Promise<Response> =>
    handle(request, { waitUntil: (work) => context.waitUntil(work) }),
}

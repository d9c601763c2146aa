import { handle } from '../handler.ts'

interface Context {
  waitUntil(work: Promise<unknown>): void
}

// Workers end the work of a request with its response, unless that work is passed to waitUntil.
export default {
  fetch: (request: Request, _env: unknown, context: Context): Promise<Response> =>
    handle(request, { waitUntil: (work) => context.waitUntil(work) }),
}

import { receiver } from '../webhooks/receiver.ts'

// For Bun, Deno, Workers and other fetch runtimes. On Workers, also pass { waitUntil } to receiver.fetch().
export default { fetch: (request: Request) => receiver.fetch(request) }

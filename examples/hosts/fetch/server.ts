import { receiver } from '../webhooks/receiver.ts'

// Bun, Deno, Workers and others. On Workers, give { waitUntil } too.
export default { fetch: (request: Request) => receiver.fetch(request) }

// @ts-expect-error -- bundled before it is run, from ../handler.ts
import { handle } from '../dist/handler.js'

declare const Bun: {
  serve(options: { hostname: string; port: number; fetch(request: Request): Promise<Response> }): {
    readonly port: number
  }
}

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request) => handle(request) as Promise<Response>,
})
console.log(JSON.stringify({ port: server.port }))

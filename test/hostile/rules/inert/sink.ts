import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { listen } from '@postern/testing'

export interface Got {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** Server that stores each request under the first two segments of its path. */
export interface Sink {
  readonly url: string
  /** Removes and returns the request of a place (`place` is the first two segments). */
  readonly take: (place: string) => Got | undefined
  /** Returns true if no request is left. */
  readonly isEmpty: () => boolean
  readonly close: () => Promise<void>
}

export async function openSink(reply = 'ok'): Promise<Sink> {
  const got = new Map<string, Got>()
  const server = await listen((request, response) => {
    void read(request).then((one) => {
      got.set(one.target.split('/').slice(1, 3).join('/'), one)
      response.end(reply)
    })
  })
  return {
    url: server.url.replace(/\/$/, ''),
    take(place) {
      const one = got.get(place)
      got.delete(place)
      return one
    },
    isEmpty: () => got.size === 0,
    close: server.close,
  }
}

async function read(request: IncomingMessage): Promise<Got> {
  const body = await buffer(request)
  const { rawHeaders, method = '', url = '' } = request
  const headers = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1]!] as const] : [],
  )
  return { method, target: url, headers, body }
}

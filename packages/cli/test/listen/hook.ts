// Imitates the internet for processes that load this file with --import. Requests to public names go to the edge of a
// tunnel program on this machine.
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'

/** Calls a public URL. If its host name does not exist, rejects as `fetch` does. */
export async function callEdge(
  url: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: object; body?: Uint8Array | string } = {},
): Promise<Response> {
  const { host, hostname, pathname, search } = new URL(url)
  let port: number
  try {
    port = Number(readFileSync(join(process.env['EDGE']!, hostname), 'utf8'))
  } catch {
    throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ENOTFOUND' } })
  }
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, path: pathname + search, method, headers: { ...headers, host } },
      (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => void chunks.push(chunk))
        reply.on('end', () =>
          resolve(new Response(Buffer.concat(chunks), { status: reply.statusCode! })),
        )
      },
    )
    call.on('error', (cause) => reject(Object.assign(new TypeError('fetch failed'), { cause })))
    call.end(body)
  })
}

const own = globalThis.fetch
globalThis.fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : String(input)
  return url.startsWith('https:') ? callEdge(url, init as object) : own(input, init)
}

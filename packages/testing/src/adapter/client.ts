import { Buffer } from 'node:buffer'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { SignableRequest } from '@postern/core/scheme'

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** Sends the body with its Content-Length. If `chunks` are given, sends the chunks one after another instead. */
export function send(
  { method, url, headers, body }: SignableRequest,
  chunks?: readonly Uint8Array[],
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sized =
      chunks === undefined && (body.byteLength > 0 || method === 'POST')
        ? { ...headers, 'content-length': String(body.byteLength) }
        : headers
    const outgoing = request(url, { method, headers: sized, agent }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts).toString(),
        }),
      )
    })
    outgoing.on('error', reject)
    if (chunks === undefined) outgoing.end(body.byteLength > 0 ? body : undefined)
    else void writeChunks(outgoing, chunks)
  })
}

interface RawAnswer {
  /** Head and body as received. Empty if the connection ended without an answer. */
  readonly text: string
  readonly status: number
  /** Number of bytes that this side sent before the connection ended. */
  readonly written: number
}

/** Writes the head of a request, then calls `body`. Resolves when the server has closed the connection. */
export function exchange(
  url: string,
  lines: readonly string[],
  body: (socket: Socket) => void | Promise<void>,
): Promise<RawAnswer> {
  const { hostname, port, pathname, search, host } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.on('data', (part: Buffer) => (text += part.toString('latin1')))
    // A server that stops reading resets the connection. An answer that came before the reset still counts.
    socket.on('error', () => {})
    socket.on('close', () =>
      resolve({
        text,
        status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0),
        written: socket.bytesWritten,
      }),
    )
    socket.on('connect', () => {
      const head = lines.map((line) => line.replace('{target}', pathname + search))
      socket.write(`${[...head, `Host: ${host}`].join('\r\n')}\r\n\r\n`)
      Promise.resolve(body(socket)).catch(reject)
    })
  })
}

/**
 * Writes a chunked body until the server has answered or is gone, or until `total` bytes are written. Between two
 * chunks, the socket can read. Otherwise a write to a connection that was reset would lose the answer.
 */
export async function flood(socket: Socket, total: number): Promise<void> {
  const part = Buffer.alloc(65_536, 0x61)
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), part, Buffer.from('\r\n')])
  const gone = new Promise<void>((resolve) => socket.once('close', resolve))
  let answered = false
  socket.once('data', () => (answered = true))
  for (let sent = 0; sent < total && socket.writable && !answered; sent += part.length) {
    const drained =
      socket.write(chunk) || new Promise<void>((resolve) => socket.once('drain', resolve))
    await Promise.race([drained, gone])
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function writeChunks(
  outgoing: ReturnType<typeof request>,
  chunks: readonly Uint8Array[],
): Promise<void> {
  for (const chunk of chunks) {
    await new Promise((resolve) => outgoing.write(chunk, resolve))
  }
  outgoing.end()
}

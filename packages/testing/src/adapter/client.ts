import { Buffer } from 'node:buffer'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { SignableRequest } from '@postern/core/scheme'

/** HTTP response with its whole body. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** Sends a delivery as a sender does. `chunks` are sent one after another, without Content-Length. */
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

/** A request by hand: its head goes out as written, what follows is up to `body`. */
interface RawAnswer {
  /** Head and body as they came; empty if the connection ended without an answer. */
  readonly text: string
  readonly status: number
  /** Bytes that left this side before the connection ended. */
  readonly written: number
}

/** Opens a connection, writes the head of a request, hands the socket over, and resolves when the other side closed it. */
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
    // A server that stops reading resets the connection: its answer before that counts.
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
 * Writes chunks of a chunked body until the other side has answered or is gone, or `total` bytes are out; it waits when
 * the buffer is full. Between two chunks it reads: a write to a connection that was reset would lose the answer.
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

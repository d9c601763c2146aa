import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'

export interface Answer {
  /** Status of each reply, without 1xx replies. */
  readonly statuses: readonly number[]
  /** Statuses of the replies that came from a receiver. The server itself replies to malformed requests. */
  readonly received: readonly number[]
  /** True if the server did not close the connection within ten seconds. */
  readonly late: boolean
}

const PATIENCE = 10_000

/**
 * Writes bytes to a port in several pieces, ends the sending side, and waits for the server to end. With `stays`, the
 * sending side stays open: Node.js drops a reply that starts after the sender has ended, and fetch hosts reply some
 * turns later.
 */
export async function exchange(
  port: number,
  bytes: Uint8Array,
  cuts: readonly number[],
  stays = false,
): Promise<Answer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const chunks: Buffer[] = []
  let late = false
  const ended = new Promise<void>((resolve) => {
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
    socket.on('end', () => socket.destroy())
    socket.on('close', () => resolve())
  })
  const timer = setTimeout(() => {
    late = true
    socket.destroy()
  }, PATIENCE)
  const places = cuts
    .map((cut) => Math.floor((bytes.length * cut) / 10_000))
    .toSorted((a, b) => a - b)
  let from = 0
  for (const place of [...places, bytes.length]) {
    if (place > from) socket.write(bytes.subarray(from, place))
    from = place
    await turn()
  }
  // Without this, the server would wait for the rest of a truncated request.
  if (!stays) socket.end()
  await ended
  clearTimeout(timer)
  const text = Buffer.concat(chunks).toString('latin1')
  const replies = text
    .split(/^(?=HTTP\/1\.[01] )/m)
    .map((reply) => ({ reply, status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(reply)?.[1]) }))
    .filter(({ status }) => status >= 200)
  const made = ({ reply, status }: { reply: string; status: number }): boolean =>
    status < 300 || /^content-type: application\/problem\+json/im.test(reply)
  return {
    statuses: replies.map(({ status }) => status),
    received: replies.filter(made).map(({ status }) => status),
    late,
  }
}

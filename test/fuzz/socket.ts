import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'

/** Replies on a connection until it ended. */
export interface Answer {
  /** Status of each reply, without interim ones. */
  readonly statuses: readonly number[]
  /** Statuses of replies from a receiver. The server itself answers malformed requests. */
  readonly received: readonly number[]
  /** True if the connection stayed open for ten seconds. */
  readonly late: boolean
}

const PATIENCE = 10_000

/**
 * Writes bytes to a port in several pieces, ends its side, and waits until the other side ends too. With `stays`, its
 * side stays open: Node drops a reply that has not started when the sender ends, and fetch hosts start some turns
 * later.
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
  // Otherwise the server waits for the rest of a cut request.
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

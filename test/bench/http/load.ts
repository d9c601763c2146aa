// The load generator runs in its own process and gets its work as messages. It sends prepared bytes and only looks for
// the end of each response, so that it needs less CPU than any server.
import { connect, type Socket } from 'node:net'
import { createIds, ID_LENGTH } from '../ids.ts'
import type { Load, LoadResult } from './messages.ts'
import { createResponseReader } from './response-reader.ts'

// All loads share one generator, so that no id repeats.
const nextId = createIds()

process.on('message', (load: Load) => {
  run(load).then(
    (result) => process.send!(result),
    (error: unknown) => process.send!({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
process.send!('ready')

async function run(load: Load): Promise<LoadResult> {
  const { least = 0, most = 0 } = load
  const started = performance.now()
  const until = started + load.time
  const rejected: Record<string, number> = {}
  let requests = 0
  const count = (status: number): boolean => {
    requests++
    if (status < 200 || status > 299) rejected[status] = (rejected[status] ?? 0) + 1
    const now = performance.now()
    return now < until || (requests < least && now < started + most)
  }
  let busy = true
  // The process never sleeps. Waking it would be kernel work on the server's core, and slower servers would cause more
  // of it.
  const spin = (): void => void (busy && setImmediate(spin))
  spin()
  await Promise.all(Array.from({ length: load.connections }, () => converse(load, count)))
  busy = false
  return { requests, rejected, milliseconds: performance.now() - started }
}

/** Sends one request after another over one connection, until `answered` returns false. */
function converse(load: Load, answered: (status: number) => boolean): Promise<void> {
  const { head, idAt } = requestHead(load)
  const body = Buffer.from(load.body)
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(load.port, '127.0.0.1', send).setNoDelay(true)
    const read = createResponseReader((status) => {
      if (answered(status)) return send()
      socket.end()
      resolve()
    })
    socket.on('data', read)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server closed a connection')))

    function send(): void {
      // The server has replied to the last request, so the kernel no longer needs this buffer.
      if (idAt > 0) head.write(nextId(), idAt, 'latin1')
      socket.cork()
      socket.write(head)
      socket.write(body)
      socket.uncork()
    }
  })
}

function requestHead(load: Load): { head: Buffer; idAt: number } {
  const lines = [
    `POST ${load.path} HTTP/1.1`,
    `host: 127.0.0.1:${load.port}`,
    `content-length: ${load.body.byteLength}`,
    ...Object.entries(load.headers).map(([name, value]) => `${name}: ${value}`),
  ]
  if (load.idHeader !== undefined) lines.push(`${load.idHeader}: ${'0'.repeat(ID_LENGTH)}`)
  const text = `${lines.join('\r\n')}\r\n\r\n`
  return {
    head: Buffer.from(text, 'latin1'),
    idAt: load.idHeader === undefined ? -1 : text.length - ID_LENGTH - 4,
  }
}

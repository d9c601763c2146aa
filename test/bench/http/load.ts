// The load generator: a process of its own, told by messages. It writes ready bytes and reads no more of an answer than
// where it ends, so that it costs less CPU than any server it loads.
import { connect, type Socket } from 'node:net'
import { createIds, ID_LENGTH } from '../ids.ts'
import type { Load, LoadResult } from './messages.ts'
import { createResponseReader } from './response-reader.ts'

// One for all stretches: an id that was seen must not come again.
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
  // It never sleeps: to wake it up is work for the kernel on the server's core, and the more so the slower the server.
  const spin = (): void => void (busy && setImmediate(spin))
  spin()
  await Promise.all(Array.from({ length: load.connections }, () => converse(load, count)))
  busy = false
  return { requests, rejected, milliseconds: performance.now() - started }
}

/** One connection: a request, its answer, the next, until `answered` gives false. */
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
      // The answer to the last request is there, so its head has left this buffer.
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

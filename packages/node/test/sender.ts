// Sends requests on separate connections, counts the written bytes, and reports the first lines of the replies.
import { once } from 'node:events'
import { connect } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const { port, requests, written } = workerData as {
  readonly port: number
  readonly requests: readonly string[]
  readonly written: Int32Array<SharedArrayBuffer>
}

const answers = await Promise.all(
  requests.map(async (request) => {
    const socket = connect(port, '127.0.0.1')
    const ended = Promise.race([once(socket, 'end'), once(socket, 'error')])
    let text = ''
    socket.setEncoding('utf8').on('data', (part: string) => (text += part))
    socket.write(request, () => {
      Atomics.add(written, 0, 1)
      Atomics.notify(written, 0)
    })
    await ended.catch(() => {})
    return text.split('\r\n')[0]
  }),
)
parentPort!.postMessage(answers)

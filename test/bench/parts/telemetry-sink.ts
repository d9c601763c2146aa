// A collector that reads and drops what it gets. It runs in its own process, so that its CPU time does not count.
import { createServer } from 'node:http'
import { listenOn } from '../../services/temporary.ts'

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
process.send!({ port: await listenOn(server) })
process.on('disconnect', () => process.exit())

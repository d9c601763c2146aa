// A collector that reads what it gets and keeps nothing, in a process of its own: its cost is none of the app's.
import { createServer } from 'node:http'
import { listenOn } from '../../services/temporary.ts'

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
process.send!({ port: await listenOn(server) })
process.on('disconnect', () => process.exit())

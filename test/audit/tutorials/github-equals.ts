// Follows a short blog post: node:http, the whole body, and ===.
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { listening } from './listening.ts'

const server = createServer((request, response) => {
  let body = ''
  request.on('data', (part) => (body += part))
  request.on('end', () => {
    const right = `sha256=${createHmac('sha256', process.env['SECRET']!).update(body).digest('hex')}`
    if (request.headers['x-hub-signature-256'] !== right) {
      response.writeHead(401).end()
      return
    }
    const event = JSON.parse(body) as { action?: string }
    console.log(event.action)
    response.writeHead(200).end()
  })
})

listening(server, '/')

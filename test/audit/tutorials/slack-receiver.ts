// Follows the documentation of a chat provider: the timestamp, the base string, the comparison.
import { createHmac, timingSafeEqual } from 'node:crypto'
import express from 'express'
import { listening } from './listening.ts'

const app = express()
app.use(express.raw({ type: '*/*' }))

app.post('/slack/events', (request, response) => {
  const time = request.get('x-slack-request-timestamp') ?? ''
  if (Math.abs(Date.now() / 1000 - Number(time)) > 300) {
    response.sendStatus(400)
    return
  }
  const right = `v0=${createHmac('sha256', process.env['SECRET']!)
    .update(`v0:${time}:${String(request.body)}`)
    .digest('hex')}`
  if (!timingSafeEqual(Buffer.from(right), Buffer.from(request.get('x-slack-signature') ?? ''))) {
    response.sendStatus(400)
    return
  }
  const body = JSON.parse(String(request.body)) as { type?: string; challenge?: string }
  if (body.type === 'url_verification') response.send(body.challenge)
  else response.sendStatus(200)
})

listening(app, '/slack/events')

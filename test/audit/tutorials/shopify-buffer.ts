// Follows the documentation of a shop provider: the raw bytes, base64, and a comparison of buffers.
import { createHmac, timingSafeEqual } from 'node:crypto'
import express from 'express'
import { listening } from './listening.ts'

const app = express()
app.use(express.raw({ type: 'application/json' }))

app.post('/webhooks', (request, response) => {
  const given = Buffer.from(request.get('x-shopify-hmac-sha256') ?? '', 'base64')
  const right = createHmac('sha256', process.env['SECRET']!)
    .update(request.body as Buffer)
    .digest()
  if (!timingSafeEqual(given, right)) {
    response.status(401).send('Unauthorized')
    return
  }
  response.sendStatus(200)
})

listening(app, '/webhooks')

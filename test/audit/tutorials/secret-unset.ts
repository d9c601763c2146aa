// The secret is not set, so the text `undefined` is the key.
import { createHmac } from 'node:crypto'
import express from 'express'
import { listening } from './listening.ts'

const app = express()
app.use(express.raw({ type: '*/*' }))

app.post('/webhook', (request, response) => {
  const secrets = [process.env['SECRET'], process.env['SECRET_OF_THE_OLD_APP']]
  const known = secrets.map(
    (secret) =>
      `sha256=${createHmac('sha256', `${secret}`)
        .update(request.body as Buffer)
        .digest('hex')}`,
  )
  response.sendStatus(known.includes(request.get('x-hub-signature-256') ?? '') ? 200 : 401)
})

listening(app, '/webhook')

// Uses the provider's signature package with express.text.
import { verify } from '@octokit/webhooks-methods'
import express from 'express'
import { listening } from './listening.ts'

const app = express()
app.use(express.text({ type: '*/*' }))

app.post('/webhook', async (request, response) => {
  const signature = request.get('x-hub-signature-256') as string
  if (!(await verify(process.env['SECRET']!, request.body as string, signature))) {
    response.status(401).send('Unauthorized')
    return
  }
  response.status(202).send('Accepted')
})

listening(app, '/webhook')

// Follows many answers to "No signatures found matching": verifies the parsed and serialized body.
import { createHmac, timingSafeEqual } from 'node:crypto'
import express from 'express'
import { listening } from './listening.ts'

const app = express()
app.use(express.json())

app.post('/webhook', (request, response) => {
  const signature = request.get('x-hub-signature-256') ?? ''
  const right = `sha256=${createHmac('sha256', process.env['SECRET']!).update(JSON.stringify(request.body)).digest('hex')}`
  if (
    signature.length !== right.length ||
    !timingSafeEqual(Buffer.from(signature), Buffer.from(right))
  ) {
    response.status(401).send('Invalid signature')
    return
  }
  response.status(200).send('OK')
})

listening(app, '/webhook')

// GitHub on Express. Set GITHUB_WEBHOOK_SECRET to the secret that you entered at GitHub, and point the webhook to
// /webhooks/github.
import { createReceiver } from '@postern/core'
import { closeOnSignal, webhook } from '@postern/express'
import { github } from '@postern/providers/github'
import type { GithubEvents } from '@postern/providers/types/github'
import express from 'express'

const receiver = createReceiver({
  provider: github<GithubEvents>({ secret: process.env['GITHUB_WEBHOOK_SECRET']! }),
})

receiver.on('issues.opened', ({ payload }) => {
  console.log(
    `${payload.repository.full_name}: issue ${payload.issue.number}, ${payload.issue.title}`,
  )
})
receiver.on('push', ({ payload }) => {
  console.log(
    `${payload.repository.full_name}: ${payload.commits.length} commits to ${payload.ref}`,
  )
})

const app = express()
app.all('/webhooks/github', webhook(receiver)) // before express.json()
app.use(express.json())
const server = app.listen(Number(process.env['PORT'] ?? 3000), () => {
  console.log('listening', server.address())
})
closeOnSignal({ server, receivers: [receiver] })

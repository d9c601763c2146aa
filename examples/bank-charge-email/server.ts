// A bank sends a webhook for each card charge. The customer gets exactly one email per charge, even if the bank sends
// the webhook again.
import { createReceiver, type Task, type WebhookEvent } from '@postern/core'
import { hmac } from '@postern/core/scheme'
import { closeOnSignal, webhook } from '@postern/express'
import { generic } from '@postern/providers/generic'
import { standardWebhooks } from '@postern/providers/standard-webhooks'
import express from 'express'
import { createTransport } from 'nodemailer'
import { toCharge } from './charge.ts'

const mail = createTransport(process.env['SMTP_URL']!)
// A bank with its own signature scheme, which sends JSON or XML.
const receiver = createReceiver({
  name: 'bank',
  provider: generic({
    scheme: hmac({ header: 'X-Bank-Signature' }),
    secret: process.env['BANK_WEBHOOK_SECRET']!,
    eventIdHeader: 'X-Bank-Event-Id',
    topicHeader: 'X-Bank-Event',
  }),
})
// The bank of bank.ts, which signs according to Standard Webhooks.
const standard = createReceiver({
  name: 'standard-bank',
  provider: standardWebhooks({ secret: process.env['BANK_SIGNING_SECRET']! }),
})

const options = { name: 'email', retry: { attempts: 10, initialDelay: '200ms' } } as const
receiver.on('card.charged', options, email)
standard.on('card.charged', options, email)

async function email(event: WebhookEvent, task: Task): Promise<void> {
  const charge = toCharge(event.payload)
  await mail.sendMail({
    from: 'bank@example.com',
    to: charge.email,
    subject: `Your card was charged ${charge.amount} ${charge.currency}`,
    text: `${charge.merchant} charged your card ${charge.amount} ${charge.currency}.`,
    // All attempts use the same id. If this process dies after sending, the mail server can detect the second email.
    messageId: `<${task.idempotencyKey}@example.com>`,
  })
  console.log(`emailed ${charge.email} about ${String(event.id)}`)
}

const app = express()
app.all('/webhooks/bank', webhook(receiver))
app.all('/webhooks/standard-bank', webhook(standard))
const server = app.listen(Number(process.env['PORT'] ?? 3000), () => {
  console.log('listening', server.address())
})
closeOnSignal({ server, receivers: [receiver, standard] })

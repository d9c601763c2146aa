import { once, EventEmitter } from 'node:events'
import { createReceiver, fixed, UnrecoverableError } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { stripe } from '@postern/providers/stripe'

const provider = stripe({ secret: 'whsec_the_secret_of_the_story' })
const TEN_MINUTES = 600_000

/**
 * Sends six deliveries: one done at the third attempt, then a duplicate, a tampered, a stale, an unhandled and a dead
 * one. Closes the receiver.
 */
export async function sendSix(inbox: Inbox): Promise<void> {
  const told = new EventEmitter()
  const receiver = createReceiver({
    provider,
    inbox,
    log: false,
    observers: [{ done: () => told.emit('done'), dead: () => told.emit('dead') }],
  })
  receiver.on(
    'invoice.paid',
    { name: 'mail', retry: fixed({ attempts: 3, delay: '20ms' }) },
    (_, task) => {
      if (task.attempt < 3) throw new Error('SMTP 421 too many connections')
    },
  )
  receiver.on('charge.refunded', { name: 'ledger' }, () => {
    throw new UnrecoverableError('no account for this charge')
  })

  const done = once(told, 'done')
  await send('invoice.paid', 'evt_123')
  await done
  await send('invoice.paid', 'evt_123')
  await send('invoice.paid', 'evt_124', { tampered: true })
  await send('invoice.paid', 'evt_125', { at: Date.now() - TEN_MINUTES })
  await send('customer.created', 'evt_126')
  const dead = once(told, 'dead')
  await send('charge.refunded', 'evt_127')
  await dead
  await receiver.close()

  async function send(
    topic: string,
    id: string,
    { tampered = false, ...more }: { tampered?: boolean; at?: number } = {},
  ): Promise<void> {
    const request = provider.sign!({ topic, id, payload: { amount: 12 }, ...more } as never)
    const text = new TextDecoder().decode(request.body)
    const body = tampered ? Buffer.from(text.replace('12', '99')) : request.body
    await receiver.receive({ ...request, body })
  }
}

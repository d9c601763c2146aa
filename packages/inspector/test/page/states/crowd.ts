import { createReceiver, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { stripe } from '@postern/providers'
import { listen, settled, signed } from '@postern/testing'
import express from 'express'
import { inspector } from '../../../src/hosts/express.ts'

const SECRET = 'whsec_c2VjcmV0IG9mIHRoZSB3b3JsZCBvZiB0ZXN0cw'

const AT_ONCE = 100

export interface Size {
  readonly receivers: number
  /** Number of dead tasks, each with a different cause. */
  readonly causes: number
  /** Minimum length of names of receivers and subscriptions, of ids, and of words in errors. @default 0 */
  readonly names?: number
}

export interface Crowd {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Starts an app, and sends deliveries until it has as many dead tasks as `size` says. */
export async function startCrowd(inbox: Inbox, size: Size): Promise<Crowd> {
  const { receivers: count, causes, names = 0 } = size
  const receivers = Array.from({ length: count }, (_, at) =>
    receiverOf(inbox, `shop-${at + 1}`, names),
  )
  const send = async (at: number): Promise<void> => {
    const receiver = receivers[at % count]!
    const payload = { data: { object: { description: wordOf(at) } } }
    const id = `evt_${at}`.padEnd(names, 'x')
    await receiver.fetch(
      await signed(receiver.provider as ReturnType<typeof stripe>, 'invoice.paid', payload, { id }),
    )
  }
  // Deliveries that arrive at the same time share a transaction, which is faster.
  for (let at = 0; at < causes; at += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, causes - at) }, (_, more) => send(at + more)),
    )
  for (const receiver of receivers) {
    await settled(receiver, { timeout: 120_000 })
    await receiver.runDue({ deadline: '5s', max: 1 })
  }
  const page = inspector({
    inbox,
    receivers,
    auth: () => ({ allow: 'all', as: 'ada' }),
    name: 'orders-api',
    log: false,
  })
  const { url, close } = await listen(express().use('/postern', page), '/postern')
  return {
    url,
    async close() {
      await close()
      await Promise.all(receivers.map((one) => one.close({ timeout: 1 }).catch(() => undefined)))
      await inbox.close().catch(() => undefined)
    },
  }
}

function receiverOf(inbox: Inbox, name: string, length: number): Receiver {
  const receiver = createReceiver({
    name: name.padEnd(length, '-long'),
    provider: stripe({ secret: SECRET }),
    inbox,
    log: false,
  })
  receiver.on('**', { name: 'mail'.padEnd(length, '-long'), retry: { attempts: 1 } }, (event) => {
    const { description } = (event.payload as { data: { object: { description: string } } }).data
      .object
    throw new Error(`SMTP 421 ${description.padEnd(length, 'x')}: too many connections`)
  })
  return receiver as Receiver
}

/** Returns a different word for each number, without digits. Errors that differ only in digits have the same cause. */
function wordOf(at: number): string {
  return String(at)
    .padStart(4, '0')
    .replaceAll(
      /\d/g,
      (digit) => ['zo', 'wu', 'ki', 'ly', 'mo', 'nu', 'po', 'ru', 'sy', 'tu'][Number(digit)]!,
    )
}
